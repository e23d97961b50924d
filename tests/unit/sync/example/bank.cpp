// tests/unit/sync/example/bank.cpp - a program with a deadlock that does not happen, and is found.
#include "lamina/sync/host_order.hpp"
using namespace lamina::sync;

HostLock<NamedClass<"accounts", 1>> accounts;  // was: std::mutex accounts;
HostLock<NamedClass<"journal", 1>> journal;    // was: std::mutex journal;

void pay() {
    LockGuard first(accounts);  // was: std::lock_guard first(accounts);
    LockGuard second(journal);
}
void audit() {
    LockGuard first(journal);
    LockGuard second(accounts);
}

int main() {
    pay();
    audit();
}
