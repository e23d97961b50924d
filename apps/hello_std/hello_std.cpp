// apps/hello_std/hello_std.cpp - the C++ standard library over the libOS: prints the same as on
// Linux.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

void containers() {
    std::vector<int> numbers(1'000'000);
    std::iota(numbers.begin(), numbers.end(), 1);
    std::cout << "vector: sum " << std::accumulate(numbers.begin(), numbers.end(), 0LL) << '\n';

    std::map<std::string, int> count;
    std::istringstream text("the quick brown fox jumps over the lazy dog and the fox sleeps");
    for (std::string word; text >> word;)
        ++count[word];
    for (const auto& [word, times] : count) {
        if (times > 1) std::cout << "map: " << word << ' ' << times << '\n';
    }

    std::string line;
    for (int i = 0; i < 10'000; ++i)
        line += std::to_string(i);
    std::cout << "string: " << line.size() << " bytes, "
              << std::count(line.begin(), line.end(), '7') << " sevens\n";
}

struct Noisy {
    ~Noisy() { std::cout << "exception: unwound\n"; }
};

void throw_through(int depth) {
    const auto kept = std::make_unique<Noisy>();
    if (depth == 0) throw std::out_of_range("deep below");
    throw_through(depth - 1);
}

void exceptions() {
    try {
        throw_through(2);
    } catch (const std::exception& error) {
        std::cout << "exception: caught " << error.what() << '\n';
    }
    try {
        std::cout << std::vector<int>(3).at(7);
    } catch (const std::out_of_range& error) {
        std::cout << "exception: " << error.what() << '\n';
    }
    try {
        const std::vector<char> huge(std::size_t{1} << 46);
        std::cout << "exception: none, " << huge.size() << " bytes\n";
    } catch (const std::bad_alloc& error) {
        std::cout << "exception: " << error.what() << '\n';
    }
}

void files() {
    namespace fs = std::filesystem;
    std::cout << "filesystem: / is " << (fs::is_directory("/") ? "a" : "no") << " directory\n";
    std::cout << "filesystem: exists " << fs::exists("/no/such/file") << '\n';
    try {
        fs::create_directory("/no/such/directory");
    } catch (const fs::filesystem_error& error) {
        std::cout << "filesystem: " << error.what() << ", code " << error.code().value() << '\n';
    }
    std::error_code code;
    const auto size = fs::file_size("/no/such/file", code);
    std::cout << "filesystem: " << std::intmax_t(size) << ", " << code.message() << '\n';
}

void time_passes() {
    using namespace std::chrono_literals;
    const auto start = std::chrono::steady_clock::now();
    const auto end = start + 2ms;
    while (std::chrono::steady_clock::now() < end) {
    }
    const auto took = std::chrono::steady_clock::now() - start;
    std::cout << "chrono: " << (took >= 2ms && took < 10s ? "2 ms" : "wrong") << ", "
              << std::chrono::duration_cast<std::chrono::seconds>(90min).count() << " s\n";
}

void random_numbers() {
    std::random_device device;
    std::vector<unsigned> drawn(64);
    std::generate(drawn.begin(), drawn.end(), std::ref(device));
    std::sort(drawn.begin(), drawn.end());
    const bool alike = std::adjacent_find(drawn.begin(), drawn.end()) == drawn.begin();
    std::cout << "random_device: " << (alike ? "always the same" : "different numbers") << '\n';
    std::mt19937_64 engine(42);
    std::uniform_real_distribution<double> uniform;
    std::cout << "mt19937_64: " << uniform(engine) << ' ' << uniform(engine) << '\n';
}

}  // namespace

int main(int argc, char** argv) {
    std::cout << "hello from std::cout\n";
    for (int i = 1; i < argc; ++i)
        std::cout << "argument: " << argv[i] << '\n';
    containers();
    exceptions();
    files();
    time_passes();
    random_numbers();
    std::cerr << "std::cerr works too\n";
    return 0;
}
