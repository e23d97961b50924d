// libos/gate/gate.cpp - making gates and their activations.
#include "libos/gate/gate.hpp"

#include <cstddef>

#include "lamina/layout.hpp"
#include "libos/vm/mapping.hpp"

namespace libos {

// In entry.S: serves a call by the handler whose address is where the stack pointer points.
extern "C" const std::byte libos_gate_entry[];

lamina::Result<Gate> Gate::create(lamina::Handle account, GateHandler handler) {
    LAMINA_TRY(const lamina::Handle made, sys::gate_create(account, libos_gate_entry));
    return Gate(made, handler);
}

lamina::Result<void> Gate::add_activation(lamina::Handle account, std::uint64_t cpu,
                                          std::uint64_t stack_pages) {
    LAMINA_TRY(auto stack, Mapping::create_new(account, stack_pages));
    LAMINA_TRY(const auto vcpu, own(sys::vcpu_create(lamina::Handle::null, account, cpu)));
    constexpr std::uint64_t top_bytes = 16;
    const std::uint64_t top = stack.address() + stack_pages * lamina::page_size - top_bytes;
    *reinterpret_cast<GateHandler*>(top) = handler_;
    LAMINA_CHECK(sys::gate_attach(handle_, vcpu.get(), top));
    (void)stack.release();
    return {};
}

}  // namespace libos
