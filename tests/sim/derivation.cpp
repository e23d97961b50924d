// tests/sim/derivation.cpp - following what is made from what.
#include "tests/sim/derivation.hpp"

#include <string>
#include <vector>

#include "exokernel/env/info_pages.hpp"
#include "exokernel/memory/address_space.hpp"
#include "tests/sim/call_shapes.hpp"
#include "tests/sim/violation.hpp"

namespace sim {
namespace {

constexpr unsigned env_shift = 37;
constexpr std::uint64_t page_mark = 1ULL << 36;
/// With page_mark: the area of the vCPU in that frame. Page numbers are smaller.
constexpr std::uint64_t area_mark = 1ULL << 35;
/// No ring has as many members.
constexpr std::uint32_t ring_max = frame_count_large * exo::page_table_entries;

std::string name_of(std::uint64_t key) {
    if (key == 0) return "nothing";
    if ((key & area_mark) != 0) return "vCPU area of " + std::to_string(key >> env_shift);
    const std::uint64_t low = key & (page_mark - 1);
    return ((key & page_mark) != 0 ? "page " : "slot ") + std::to_string(low) + " of " +
           std::to_string(key >> env_shift);
}

bool in_memory(const exo::Link* link) {
    const auto* start = static_cast<const std::byte*>(exo::arch::direct_map({}));
    const auto* at = reinterpret_cast<const std::byte*>(link);
    return at >= start && at < start + frame_count * exo::page_size;
}

/// Whether it is the head of a run's ring of roots: those are in the frame table.
bool is_roots(const exo::Link* link) {
    const auto offset = reinterpret_cast<const std::byte*>(link) -
                        reinterpret_cast<const std::byte*>(&KernelView::info(0).roots);
    const auto frame = std::uint64_t(offset) / sizeof(exo::FrameInfo);
    return frame < frame_count && &KernelView::info(std::uint32_t(frame)).roots == link &&
           KernelView::info(std::uint32_t(frame)).state == exo::FrameState::run_head;
}

bool may_be_in_ring(const exo::Link* link) { return in_memory(link) || is_roots(link); }

/// The environment that a table or a space is part of.
std::uint64_t env_with(const void* part) {
    return static_cast<const exo::Env*>(exo::FrameTable::contents(exo::FrameTable::frame_at(part)))
        ->id;
}

exo::CapSlot* slot_of(const exo::Env& env, std::uint32_t slot) {
    return const_cast<exo::CapTable&>(env.caps).at(slot);
}

std::uint32_t slot_count(const exo::Env& env) {
    return env.caps.page_count() * exo::CapPage::slots;
}

/// The link of a mapped page, by its table.
const exo::Link& link_of(exo::FrameNumber table, unsigned index) {
    constexpr unsigned in_frame = exo::page_size / sizeof(exo::Link);
    const std::uint32_t frame = exo::frames.info(table).links[index / in_frame];
    if (frame >= frame_count || KernelView::info(frame).state != exo::FrameState::mappings)
        violated("A mapped page has a link.", "table " + std::to_string(table.value));
    return static_cast<const exo::Link*>(exo::FrameTable::contents({frame}))[index % in_frame];
}

void check_whole(const exo::Link& link, const std::string& name) {
    if (!may_be_in_ring(link.next) || !may_be_in_ring(link.previous) ||
        link.next->previous != &link || link.previous->next != &link)
        violated("The rings of the derivation tree are whole.", "at " + name);
}

/// Whether frames are those of a capability.
bool frames_within(std::uint32_t first, std::uint32_t count, const exo::Capability& parent) {
    return first >= parent.first && first - parent.first < parent.count &&
           count <= parent.count - (first - parent.first);
}

bool page_within(exo::PageEntry page, unsigned level, const exo::Capability& parent) {
    const std::uint32_t frame = exo::frame_of(page.target()).value;
    const bool may_write =
        (page.bits & exo::PageEntry::may_write) == 0 || covers(parent.rights, exo::Rights::write);
    const bool may_execute = (page.bits & exo::PageEntry::may_execute) == 0 ||
                             covers(parent.rights, exo::Rights::execute);
    return may_write && may_execute && covers(parent.rights, exo::Rights::read) &&
           frames_within(frame, exo::entry_frames(level), parent);
}

bool capability_within(const exo::Capability& child, const exo::Capability& parent) {
    if (child.type != parent.type || child.object != parent.object) return false;
    if (!covers(parent.rights, child.rights)) return false;
    return child.type != exo::ObjectType::frames || frames_within(child.first, child.count, parent);
}

/// Whether a link is in a vCPU: that of its bound area, or of its wait.
bool is_in_vcpu(const exo::Link& link) {
    return exo::frames.info(exo::FrameTable::frame_at(&link)).state == exo::FrameState::object;
}

const exo::Vcpu& vcpu_with(const exo::Link& link) {
    return *static_cast<const exo::Vcpu*>(
        exo::FrameTable::contents(exo::FrameTable::frame_at(&link)));
}

/// The word that a vCPU watches by a link of its own; null: it is the link of something else.
const std::uint64_t* watched_by(const exo::Link& link) {
    const exo::Watch& watch = vcpu_with(link).watch;
    for (std::uint32_t i = 0; i < watch.predicate.word_count; ++i)
        if (&link == &watch.links[i]) return watch.words[i];
    return nullptr;
}

/// Waits come and go with their vCPU's state, and with its area what it is told of; they are no
/// part of the tree that is followed.
bool is_wait(const exo::Link& link) {
    return is_in_vcpu(link) && (&link == &vcpu_with(link).wait_link ||
                                &link == &vcpu_with(link).told_link || watched_by(link) != nullptr);
}

/// Whether a vCPU may wait, or be told, by what a capability allows.
bool wait_within(const exo::Link& link, const exo::Capability& parent) {
    const exo::Vcpu& vcpu = vcpu_with(link);
    if (&link == &vcpu.told_link)
        return vcpu.told_of != nullptr && parent.object == vcpu.told_of &&
               covers(parent.rights, exo::Rights::wait);
    if (const std::uint64_t* const word = watched_by(link))
        return vcpu.state == exo::VcpuState::watching && covers(parent.rights, exo::Rights::read) &&
               frames_within(exo::FrameTable::frame_at(word).value, 1, parent);
    if (vcpu.state == exo::VcpuState::calling)
        return parent.object == vcpu.callee->gate && covers(parent.rights, exo::Rights::call);
    return parent.object == vcpu.waits_for && covers(parent.rights, exo::Rights::wait);
}

/// What a vCPU's bound area may do: the kernel reads and writes it for its environment.
bool area_within(const exo::Vcpu& vcpu, const exo::Capability& parent) {
    const std::uint32_t frame = vcpu.area_frame.value;
    return covers(parent.rights, exo::Rights::read | exo::Rights::write) &&
           frames_within(frame, 1, parent);
}

/// Whether what a link is of allows no more than the capability whose child it is.
bool within(const exo::Link& link, const exo::Capability& parent) {
    if (is_wait(link)) return wait_within(link, parent);
    if (is_in_vcpu(link)) return area_within(vcpu_with(link), parent);
    const exo::FrameInfo& info = exo::frames.info(exo::FrameTable::frame_at(&link));
    if (info.state != exo::FrameState::mappings)
        return capability_within(exo::CapSlot::of(const_cast<exo::Link&>(link)), parent);
    const std::uint64_t address = exo::AddressSpace::mapping_of(link).address;
    const auto& table = KernelView::table({info.links[0]});
    return page_within(table.entry[exo::entry_index(address, info.order)], info.order, parent);
}

}  // namespace

DerivationHistory::Key DerivationHistory::key_of_slot(std::uint64_t env, std::uint32_t slot) {
    return env << env_shift | slot;
}
DerivationHistory::Key DerivationHistory::key_of_area(const exo::Vcpu& vcpu) {
    return vcpu.env->id << env_shift | page_mark | area_mark |
           exo::FrameTable::frame_at(&vcpu).value;
}
DerivationHistory::Key DerivationHistory::key_of_page(std::uint64_t env, std::uint64_t address) {
    return env << env_shift | page_mark | address / exo::page_size;
}

void DerivationHistory::add_nodes(const exo::Env& env, Tree& tree) const {
    for (std::uint32_t slot = 0; slot < slot_count(env); ++slot) {
        const exo::CapSlot* cap = slot_of(env, slot);
        if (cap == nullptr) continue;
        const Key key = key_of_slot(env.id, slot);
        check_whole(cap->siblings, name_of(key));
        check_whole(cap->children, name_of(key));
        tree[key] = {0, cap->object};
    }
    if (!KernelView::has_space(env)) return;
    static std::vector<TableView> tables;
    tables.clear();
    collect_tables(env.space.root(), tables);
    for (const TableView& table : tables) {
        if (table.level > exo::leaf_level_max) continue;
        const auto& page = KernelView::table(table.frame);
        for (unsigned i = 0; i < exo::page_table_entries; ++i) {
            if (!page.entry[i].is_leaf(table.level)) continue;
            const Key key = key_of_page(env.id, table.base + i * exo::entry_span(table.level));
            check_whole(link_of(table.frame, i), name_of(key));
            tree[key] = {0, &exo::frames.run_of(exo::frame_of(page.entry[i].target()))};
        }
    }
}

/// The area of a vCPU, if one is bound.
void DerivationHistory::add_area(const exo::Vcpu& vcpu, Tree& tree) const {
    if (vcpu.area == nullptr) return;
    check_whole(vcpu.area_link, name_of(key_of_area(vcpu)));
    tree[key_of_area(vcpu)] = {0, &exo::frames.run_of(vcpu.area_frame)};
}

bool DerivationHistory::areas_changed() {
    Areas now;
    for (const exo::Vcpu* vcpu : view_->vcpus())
        if (vcpu->area != nullptr)
            now[key_of_area(*vcpu)] = {vcpu->area, vcpu->area_link.next, vcpu->area_link.previous};
    const bool changed = now != areas_;
    areas_ = std::move(now);
    return changed;
}

/// vcpu_bind makes an area anew, below the capability that its page is mapped through.
void DerivationHistory::bind(const CallInProgress& call) {
    if (call.caller == 0 || call.number != std::uint64_t(lamina::Call::vcpu_bind)) return;
    const exo::Env* env = view_->find_env(call.caller);
    if (env == nullptr) return;
    const auto slots = KernelView::slots(*env);
    const std::uint32_t slot = lamina::handle_slot(lamina::Handle(call.arguments[0]));
    if (slot >= slots.size() || slots[slot].type != exo::ObjectType::vcpu) return;
    const auto& vcpu = static_cast<const exo::Vcpu&>(*slots[slot].object);
    if (vcpu.env != env) return;
    const auto bound = areas_.find(key_of_area(vcpu));
    if (bound == areas_.end()) return;
    const auto before = areas_checked_.find(bound->first);
    if (before != areas_checked_.end() && before->second == bound->second) return;
    for (unsigned level = 1; level <= exo::leaf_level_max; ++level) {
        const std::uint64_t start = call.arguments[1] & ~(exo::entry_span(level) - 1);
        const auto page = tree_.find(key_of_page(call.caller, start));
        if (page == tree_.end()) continue;
        tree_[bound->first] = {page->second.parent, page->second.object};
        return;
    }
}

/// The node that a link in a ring is of.
DerivationHistory::Key DerivationHistory::key_of(const exo::Link& link) const {
    const exo::FrameInfo& info = exo::frames.info(exo::FrameTable::frame_at(&link));
    if (info.state == exo::FrameState::mappings) {
        const auto page = exo::AddressSpace::mapping_of(link);
        return key_of_page(env_with(page.space), page.address);
    }
    if (is_in_vcpu(link)) return key_of_area(vcpu_with(link));
    if (info.state != exo::FrameState::capabilities)
        violated("A ring holds capabilities and mapped pages.", "another link");
    const auto& cap = exo::CapSlot::of(const_cast<exo::Link&>(link));
    return key_of_slot(env_with(info.owner), cap.number);
}

/// Who is in the ring of which capability.
void DerivationHistory::add_parents(const exo::Env& env, Tree& tree) const {
    for (std::uint32_t slot = 0; slot < slot_count(env); ++slot) {
        const exo::CapSlot* parent = slot_of(env, slot);
        if (parent == nullptr) continue;
        const Key key = key_of_slot(env.id, slot);
        const exo::Link* link = &parent->children;
        for (std::uint32_t i = 0; i < ring_max; ++i) {
            link = link->next;
            if (link == &parent->children) break;
            if (!in_memory(link))
                violated("The rings of the derivation tree are whole.", "below " + name_of(key));
            if (is_wait(*link)) {
                if (!within(*link, *parent))
                    violated("A vCPU waits only by what it may wait for.", "below " + name_of(key));
                continue;
            }
            const auto child = tree.find(key_of(*link));
            if (child == tree.end())
                violated("A ring holds capabilities and mapped pages.",
                         name_of(key_of(*link)) + " below " + name_of(key));
            if (child->second.parent != 0)
                violated("What was derived is in one ring.", name_of(child->first));
            check_whole(*link, name_of(child->first));
            if (!within(*link, *parent))
                violated("What was derived allows no more than what it is below.",
                         name_of(child->first) + " below " + name_of(key));
            child->second.parent = key;
        }
    }
}

/// Who is in the ring of roots of which run.
void DerivationHistory::add_roots(Tree& tree) const {
    for (std::uint32_t frame = 0; frame < frame_count; ++frame) {
        const exo::FrameInfo& run = KernelView::info(frame);
        if (run.state != exo::FrameState::run_head) continue;
        const std::string name = "run " + std::to_string(frame);
        check_whole(run.roots, name);
        std::uint32_t members = 0;
        for (const exo::Link* link = run.roots.next; link != &run.roots; link = link->next) {
            if (!in_memory(link) || ++members == ring_max)
                violated("The rings of the derivation tree are whole.", "roots of " + name);
            if (is_wait(*link)) {
                const exo::Capability all = exo::whole_run(const_cast<exo::FrameInfo&>(run));
                if (!within(*link, all))
                    violated("A vCPU waits only by what it may wait for.", "roots of " + name);
                continue;
            }
            const auto root = tree.find(key_of(*link));
            if (root == tree.end() || root->second.parent != 0 || root->second.in_roots ||
                root->second.object != &run)
                violated("A run's ring of roots holds what was derived from nothing else.",
                         name_of(key_of(*link)) + " in that of " + name);
            check_whole(*link, name_of(root->first));
            root->second.in_roots = true;
        }
    }
}

/// Every root that refers to a run is in its ring; a run that has none is in use by the kernel.
void DerivationHistory::check_runs(const Tree& tree) const {
    for (const auto& [key, node] : tree)
        if (node.parent == 0 && !node.in_roots && KernelView::run_with(node.object) < frame_count)
            violated("What was derived from nothing else is in its run's ring.", name_of(key));
    std::vector<bool> by_kernel(frame_count + 1);
    by_kernel[exo::info_pages.first_frame().value] = true;
    for (const exo::Vcpu* vcpu : view_->vcpus())
        by_kernel[KernelView::run_with(vcpu->object)] = true;
    for (const exo::Account* account : view_->accounts())
        by_kernel[KernelView::run_with(account->taking)] = true;
    for (std::uint32_t frame = 0; frame < frame_count; ++frame) {
        const exo::FrameInfo& run = KernelView::info(frame);
        if (run.state == exo::FrameState::run_head && run.roots.alone() && !by_kernel[frame])
            violated("A run that nothing refers to is free.", "frame " + std::to_string(frame));
    }
}

DerivationHistory::Tree DerivationHistory::kernel_tree() const {
    Tree tree;
    for (const exo::Env* env : view_->envs())
        add_nodes(*env, tree);
    for (const exo::Vcpu* vcpu : view_->vcpus())
        add_area(*vcpu, tree);
    for (const exo::Env* env : view_->envs())
        add_parents(*env, tree);
    add_roots(tree);
    check_runs(tree);
    return tree;
}

void DerivationHistory::adopt() {
    (void)areas_changed();
    areas_checked_ = areas_;
    tree_ = kernel_tree();
}

/// The capability that a call made something from: the last one it names that is for the same
/// object; nothing, if the object was made by the call.
DerivationHistory::Key DerivationHistory::source_of(const CallInProgress& call,
                                                    const Node& made) const {
    if (call.caller == 0 || call.number >= lamina::call_count) return 0;
    const CallShape& shape = call_shapes()[call.number];
    for (unsigned i = shape.argument_count; i-- > 0;) {
        if (!shape.arguments[i].is_handle()) continue;
        const Key key = key_of_slot(
            call.caller, lamina::handle_slot(lamina::Handle(std::uint32_t(call.arguments[i]))));
        const auto source = tree_.find(key);
        if (source != tree_.end() && source->second.object == made.object) return key;
    }
    return 0;
}

/// cap_move: the one node that went, from the slot it names, is the one that came.
void DerivationHistory::move(const CallInProgress& call, const Tree& now) {
    if (call.number != std::uint64_t(lamina::Call::cap_move)) return;
    const Key from = key_of_slot(
        call.caller, lamina::handle_slot(lamina::Handle(std::uint32_t(call.arguments[1]))));
    const auto old = tree_.find(from);
    if (old == tree_.end() || now.contains(from)) return;
    for (const auto& [to, node] : now) {
        if (tree_.contains(to)) continue;
        tree_[to] = {tree_[from].parent, node.object};
        for (auto& [key, other] : tree_)
            if (other.parent == from) other.parent = to;
        tree_.erase(from);
        return;
    }
}

/// Nodes that went: their children become those of what is left above.
void DerivationHistory::remove_gone(const Tree& now) {
    for (auto& [key, node] : tree_)
        while (node.parent != 0 && !now.contains(node.parent))
            node.parent = tree_.at(node.parent).parent;
    std::erase_if(tree_, [&](const auto& entry) { return !now.contains(entry.first); });
}

void DerivationHistory::check(const CallInProgress& call) {
    const Tree now = kernel_tree();
    move(call, now);
    bind(call);
    areas_checked_ = areas_;
    for (const auto& [key, node] : now)
        if (!tree_.contains(key)) tree_[key] = {source_of(call, node), node.object};
    remove_gone(now);
    for (const auto& [key, node] : now)
        if (node.parent != tree_[key].parent)
            violated("Every capability and page is below the one it was made from.",
                     name_of(key) + " is below " + name_of(node.parent) + ", not " +
                         name_of(tree_[key].parent));
}

void DerivationHistory::check_revoked(const CallInProgress& call) const {
    // Others of its vCPUs may have used the capability again before this one went on.
    const exo::Env* env = view_->find_env(call.caller);
    if (env == nullptr || env->vcpu == nullptr || env->vcpu->next != nullptr) return;
    const Key revoked = key_of_slot(
        call.caller, lamina::handle_slot(lamina::Handle(std::uint32_t(call.arguments[0]))));
    for (const auto& [key, node] : tree_)
        if (node.parent == revoked)
            violated("When a revocation is done nothing is left of what was derived.",
                     name_of(key) + " below " + name_of(revoked));
}

}  // namespace sim
