// libos/vcpu/vcpu.cpp - Vcpu: one more vCPU of the app, which runs the functions it is given.
#include "libos/vcpu/vcpu.hpp"

#include <new>

#include "lamina/layout.hpp"
#include "libos/sys/handles.hpp"
#include "libos/upcall/upcall.hpp"
#include "libos/vm/mapping.hpp"

namespace libos {

// From the lowest address: an unmapped page, the stack, the upcall stack, a page with the Vcpu.
lamina::Result<Vcpu*> Vcpu::create(lamina::Handle account, std::uint64_t cpu) {
    static_assert(pages * lamina::page_size ==
                  2 * lamina::page_size + stack_bytes + upcall_stack_bytes);
    static_assert(sizeof(Vcpu) <= lamina::page_size);
    LAMINA_TRY(auto wake, own(sys::notification_create(account)));
    LAMINA_TRY(auto memory, Mapping::create_new(account, pages));
    LAMINA_TRY(auto vcpu, own(sys::vcpu_create(lamina::Handle::null, account, cpu)));
    const std::uint64_t stack_top = memory.address() + lamina::page_size + stack_bytes;
    const std::uint64_t upcall_stack_top = stack_top + upcall_stack_bytes;
    Vcpu& made = *new (reinterpret_cast<void*>(upcall_stack_top)) Vcpu{};
    made.handle_ = vcpu.get();
    made.wake_ = wake.get();
    LAMINA_CHECK(bind_upcalls(made.handle_, made.area_, upcall_stack_top));
    LAMINA_CHECK(sys::frames_unmap(fixed::self, memory.address(), 1));
    // As if called: the return address would lie at the stack pointer.
    LAMINA_CHECK(sys::vcpu_start(made.handle_, reinterpret_cast<std::uint64_t>(&main),
                                 stack_top - sizeof(std::uint64_t),
                                 reinterpret_cast<std::uint64_t>(&made)));
    (void)memory.release();
    (void)vcpu.release();
    (void)wake.release();
    return &made;
}

void Vcpu::main(Vcpu* self) {
    begin_upcalls(self->area_);
    self->serve();
}

void Vcpu::serve() {
    for (;;) {
        // Other ends of the wait, for an upcall, leave it not busy.
        (void)sys::notification_wait(wake_, 1, lamina::wait_forever);
        if (!busy()) continue;
        function_(argument_);
        busy_.store(false, std::memory_order_release);
    }
}

void Vcpu::run(Function function, void* argument) {
    function_ = function;
    argument_ = argument;
    busy_.store(true, std::memory_order_release);
    (void)sys::notification_signal(wake_, 1);
}

void Vcpu::join() const {
    while (busy())
        (void)sys::vcpu_yield();
}

}  // namespace libos
