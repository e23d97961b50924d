// tests/unit/sync/order/script.cpp - runs the scripts of script.hpp.
#include "tests/unit/sync/order/script.hpp"

#include <cctype>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace order_test {

namespace {

constexpr unsigned instances_max = 18;

struct Class {
    std::string name;
    ClassInfo info;
    // The locks of one class in one array: their addresses rise with their numbers.
    std::array<LockTag, instances_max> locks;

    Class(std::string given, Level level, LockType type)
        : name(std::move(given)), info(name.c_str(), level, type.wait, type.recursive) {}
};

LockType type_named(const std::string& name) {
    static const std::map<std::string, LockType> types = {
        {"spin", {WaitKind::spins, false}},   {"mutex", {WaitKind::blocks, false}},
        {"sleep", {WaitKind::blocks, false}}, {"token", {WaitKind::yields, true}},
        {"rw", {WaitKind::spins, false}},
    };
    return types.at(name);
}

/// Whether the legal states that HeldStack lists hold.
bool consistent(const ScriptPlatform::Stack& stack) {
    if (stack.base > stack.depth || stack.depth > stack.entries_max || stack.is_reporting)
        return false;
    ScriptPlatform::Stack::N::Set mask;
    for (unsigned i = stack.base; i < stack.depth; ++i) {
        const auto& entry = stack.entries[i];
        const OrderNode node = stack.node_of(entry);
        if (entry.saved != mask.words[node / 64]) return false;
        mask.add(node);
    }
    return mask.words == stack.mask.words;
}

/// A word of a script that is about a lock.
struct Action {
    bool releases = false;
    Access access = Access::exclusive;
    char letter = 0;
    unsigned number = 0;
    char how = 0;  // ?, &, ! or none
};

Action parse(std::string word) {
    Action action;
    if (word.front() == '-') {
        action.releases = true;
        word.erase(0, 1);
    }
    if (word.size() > 1 && word[0] == 'r') {
        action.access = Access::shared;
        word.erase(0, 1);
    } else if (word.size() > 1 && word[0] == 'R' && std::isupper(word[1])) {
        action.access = Access::shared_recursive;
        word.erase(0, 1);
    }
    if (word.empty() || !std::isupper(word[0])) throw std::invalid_argument(word);
    action.letter = word[0];
    word.erase(0, 1);
    if (!word.empty() && std::ispunct(word.back())) {
        action.how = word.back();
        word.pop_back();
    }
    action.number = word.empty() ? 0 : unsigned(std::stoul(word)) - 1;
    if (action.number >= instances_max) throw std::invalid_argument(word);
    return action;
}

class Runner {
public:
    using Scope = Validator<ScriptPlatform>::InterruptScope;

    explicit Runner(std::string_view setup) {
        std::istringstream words{std::string(setup)};
        EqualLevels equal = EqualLevels::learn;
        Mode mode = Mode::warn;
        for (std::string word; words >> word;) {
            if (word == "ranks")
                for (char letter = 'A'; letter <= 'H'; ++letter)
                    define(letter + std::string(":spin@") + std::to_string(10 * (letter - '@')));
            if (word == "refuse" || word == "ranks")
                equal = EqualLevels::refuse;
            else if (const auto found = modes().find(word); found != modes().end())
                mode = found->second;
            else
                define(word);
        }
        validator_ = std::make_unique<Validator<ScriptPlatform>>(mode, equal);
        ScriptPlatform::reports.clear();
        ScriptPlatform::enabled = false;
        ScriptPlatform::current = &stacks_[1];
    }
    ~Runner() {
        while (!handlers_.empty())
            handlers_.pop_back();
        ScriptPlatform::current = nullptr;
    }

    void step(const std::string& word) {
        perform(word);
        if (!consistent(*ScriptPlatform::current)) throw std::logic_error("stack after " + word);
    }

private:
    void perform(const std::string& word) {
        if (const auto found = modes().find(word); found != modes().end())
            validator_->set_mode(found->second);
        else if (word == "sti" || word == "cli")
            ScriptPlatform::enabled = word == "sti";
        else if (word == "enable")
            validator_->enabling_interrupts();
        else if (word == "block")
            validator_->about_to_block();
        else if (word == "end")
            validator_->expect_none_held();
        else if (word == "(")
            handlers_.push_back(std::make_unique<Scope>(*validator_));
        else if (word == ")")
            handlers_.pop_back();
        else if (word.back() == ':')
            ScriptPlatform::current = &stacks_[std::stoul(word)];
        else
            act(parse(word));
    }

    static const std::map<std::string, Mode>& modes() {
        static const std::map<std::string, Mode> names = {
            {"off", Mode::off}, {"warn", Mode::warn}, {"panic", Mode::panic}};
        return names;
    }

    /// `A:token@20`, either part may be missing.
    void define(std::string word) {
        const char letter = word[0];
        Level level = 1;
        if (const auto at = word.find('@'); at != std::string::npos) {
            level = Level(std::stoul(word.substr(at + 1)));
            word.resize(at);
        }
        const std::string type = word.size() > 2 ? word.substr(2) : "spin";
        if (letter == '*')
            default_type_ = type_named(type);
        else
            classes_.emplace(
                letter, std::make_unique<Class>(std::string(1, letter), level, type_named(type)));
    }

    Class& class_of(char letter) {
        auto& found = classes_[letter];
        if (!found) found = std::make_unique<Class>(std::string(1, letter), 1, default_type_);
        return *found;
    }

    /// As ValidatedLock does it, with a lock that is always free.
    void act(const Action& action) {
        const OrderSetting setting = validator_->setting();
        if (!setting.is_on()) return;
        Class& own = class_of(action.letter);
        LockTag& lock = own.locks[action.number];
        const Way way = action.how == '?'   ? Way::tried
                        : action.how == '&' ? Way::paired
                                            : Way::waits;
        const Site site = Site::current();
        const OrderStep step{setting, own.info, lock, action.access, way, site};
        if (action.releases) return validator_->release(step);
        const bool followed = validator_->acquire(step);
        if (action.how == '!') {
            if (followed) validator_->abandon(step);
            return;
        }
        validator_->note_taken(step, lock, followed);
    }

    std::unique_ptr<Validator<ScriptPlatform>> validator_;
    std::map<char, std::unique_ptr<Class>> classes_;
    LockType default_type_ = type_named("spin");
    std::array<ScriptPlatform::Stack, 10> stacks_{};
    std::vector<std::unique_ptr<Scope>> handlers_;
};

}  // namespace

std::string text_of(const Report& report) {
    std::string text = name_of(report.what);
    text += std::string(" ") + (report.wanted != nullptr ? report.wanted->name : "-");
    text += std::string("/") + (report.held != nullptr ? report.held->name : "-");
    for (unsigned i = 0; i < report.link_count && i < links_max; ++i) {
        const ChainLink& link = report.links[i];
        if (i == 0) text += std::string(" ") + link.outer->name;
        text += std::string(link.is_interrupt ? "~" : ">") + link.inner->name;
    }
    return text;
}

std::string run(std::string_view setup, std::string_view script) {
    Runner runner(setup);
    std::istringstream words{std::string(script)};
    std::string panics;
    for (std::string word; words >> word;) {
        try {
            runner.step(word);
        } catch (const ScriptPlatform::Panic&) {
            panics = " panic";
        }
    }
    std::string said;
    for (const Report& report : ScriptPlatform::reports)
        said += (said.empty() ? "" : "; ") + text_of(report);
    return said + panics;
}

}  // namespace order_test
