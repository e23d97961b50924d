// include/lamina/sync/order_export.hpp - the observed order of locks as DOT and as JSON.
#pragma once

#include <cstdint>

#include "lamina/sync/order_graph.hpp"
#include "lamina/sync/text_out.hpp"

namespace lamina::sync {

/// What waiting for a lock means, in a word.
constexpr const char* name_of(WaitKind wait) {
    switch (wait) {
        case WaitKind::spins: return "spins";
        case WaitKind::yields: return "yields";
        case WaitKind::blocks: return "blocks";
    }
    return "";
}

/// Writes what `validator` has seen as JSON into `sink`, which takes std::string_view:
///
///     {"classes": [{"name": "a", "level": 10, "wait": "spins", "recursive": false}, ...],
///      "edges": [{"outer": "a", "inner": "b", "held": "exclusive", "wanted": "full",
///                 "held_at": "file:line", "taken_at": "file:line"}, ...]}
///
/// `held` is "exclusive" or "shared"; `wanted` is "recursive reader", or "full" for everyone else.
/// Classes come in the order of their levels, edges in that of numbers. No lock is held while the
/// sink runs: what is added meanwhile may be left out.
template <typename Validator, typename Sink>
void write_json(Validator& validator, Sink&& sink) {
    using N = typename Validator::N;
    TextOut out(sink);
    const char* separator = "\n  ";
    out << "{\"classes\": [";
    validator.for_each_class([&](const ClassInfo& info) {
        out << separator << "{\"name\": ";
        out.quoted(info.name) << ", \"level\": " << std::uint64_t{info.level} << ", \"wait\": \""
                              << name_of(info.wait)
                              << "\", \"recursive\": " << (info.recursive ? "true" : "false")
                              << "}";
        separator = ",\n  ";
    });
    out << "\n ],\n \"edges\": [";
    separator = "\n  ";
    validator.for_each_edge([&](const auto& edge, const ClassInfo& outer, const ClassInfo& inner) {
        out << separator << "{\"outer\": ";
        out.quoted(outer.name) << ", \"inner\": ";
        out.quoted(inner.name) << ", \"held\": \""
                               << (N::is_shared(edge.held) ? "shared" : "exclusive")
                               << "\", \"wanted\": \""
                               << (N::is_lenient(edge.wanted) ? "recursive reader" : "full")
                               << "\", \"held_at\": ";
        out.quoted(edge.held_site) << ", \"taken_at\": ";
        out.quoted(edge.wanted_site) << "}";
        separator = ",\n  ";
    });
    out << "\n ]}\n";
}

/// The same as a graph for Graphviz's dot: an arrow from outer to inner, classes of one level side
/// by side, outer above inner. A dashed arrow is one that only readers make.
template <typename Validator, typename Sink>
void write_dot(Validator& validator, Sink&& sink) {
    using N = typename Validator::N;
    TextOut out(sink);
    out << "digraph locks {\n  rankdir=TB;\n  node [shape=box, fontname=\"sans-serif\"];\n";
    std::uint64_t level = 0;
    bool open = false;
    validator.for_each_class([&](const ClassInfo& info) {
        if (info.level != level) {
            if (open) out << "}\n";
            out << "  { rank=same; ";
            level = info.level;
            open = true;
        }
        out.quoted(info.name) << " [tooltip=\"level " << std::uint64_t{info.level} << ", "
                              << name_of(info.wait) << "\"]; ";
    });
    if (open) out << "}\n";
    validator.for_each_edge([&](const auto& edge, const ClassInfo& outer, const ClassInfo& inner) {
        out << "  ";
        out.quoted(outer.name) << " -> ";
        out.quoted(inner.name) << " [tooltip=\"" << edge.held_site << ", then " << edge.wanted_site
                               << "\"";
        if (N::is_shared(edge.held) || N::is_lenient(edge.wanted)) out << ", style=dashed";
        out << "];\n";
    });
    out << "}\n";
}

}  // namespace lamina::sync
