// apps/shell/shell.cpp - Shell: reads lines, runs their commands, watches children and input.
#include "apps/shell/shell.hpp"

#include "apps/shell/commands.hpp"
#include "apps/shell/line_editor.hpp"
#include "apps/shell/suggest.hpp"
#include "libos/console/console.hpp"
#include "libos/debug/assert.hpp"
#include "libos/report/report.hpp"

namespace shell {

namespace {

using libos::print;

constexpr std::uint64_t input_bit = 1;
constexpr char ctrl_c = '\x03';
constexpr char ctrl_d = '\x04';

}  // namespace

int Shell::run() {
    const auto bound = libos::console().bind(notification_, input_bit);
    if (!bound) {
        print("shell: no input: ", lamina::status_name(bound.error()), "\n");
        return 1;
    }
    if (script_)
        run_script();
    else
        run_interactive();
    end_children();
    return int(variables_.status);
}

void Shell::run_interactive() {
    LineEditor editor(libos::console(), history_, "lamina> ");
    print("Lamina shell; help lists the commands.\n");
    while (!leaving_) {
        report_background();
        editor.begin();
        auto event = LineEditor::Event::none;
        while (event == LineEditor::Event::none)
            event = editor.feed(next_byte());
        if (event == LineEditor::Event::end_of_file) return;
        if (event == LineEditor::Event::interrupt) {
            variables_.status = status_interrupted;
            continue;
        }
        history_.add(editor.line());
        execute(editor.line());
    }
}

void Shell::run_script() {
    libos::TextBuffer<4096> line;
    for (char byte = '\n'; byte != ctrl_d && !leaving_;) {
        line.clear();
        for (byte = next_byte(); byte != '\n' && byte != '\r' && byte != ctrl_d; byte = next_byte())
            put(line, byte);
        report_background();
        if (line.truncated()) {
            print("shell: a line is too long\n");
            variables_.status = status_usage;
            continue;
        }
        history_.add(line.view());
        execute(line.view());
    }
    report_background();
}

void Shell::execute(std::string_view line) {
    // A line that cannot be understood does not run in part.
    CommandReader check(line);
    auto outcome = CommandReader::Outcome::command;
    while (outcome == CommandReader::Outcome::command)
        outcome = check.next(variables_, command_);
    if (outcome == CommandReader::Outcome::mistake) {
        print("shell: ", check.mistake(), "\n");
        variables_.status = status_usage;
        return;
    }
    interrupted_ = false;
    CommandReader reader(line);
    while (!leaving_ && !interrupted_ &&
           reader.next(variables_, command_) == CommandReader::Outcome::command)
        variables_.status = dispatch(command_);
}

std::uint32_t Shell::dispatch(const Command& command) {
    const auto name = command.words().front();
    const CommandEntry* entry = find_command(name);
    if (entry == nullptr) {
        Suggestion suggestion(name);
        for (const auto& known : all_commands())
            suggestion.consider(known.name);
        print("shell: unknown command ", name);
        if (suggestion.best().empty())
            print("; help lists the commands\n");
        else
            print("; did you mean ", suggestion.best(), "?\n");
        return status_not_found;
    }
    if (command.background() && !entry->background) {
        print("shell: ", name, " cannot run in the background\n");
        return status_usage;
    }
    return entry->function(*this, command);
}

void Shell::wait() {
    libos::console().flush();
    const auto bits =
        libos::sys::notification_wait(notification_, ~std::uint64_t{0}, lamina::wait_forever);
    LAMINA_ASSERT(bits.has_value());
    if ((*bits & input_bit) != 0) take_input();
    jobs_.note_ended(*bits);
}

void Shell::take_input() {
    char chunk[256];
    for (;;) {
        const auto taken = libos::console().read(chunk);
        if (!taken || *taken == 0) return;
        if (!input_.push({chunk, *taken})) print("\nshell: out of memory, input was lost\n");
    }
}

char Shell::next_byte() {
    while (input_.empty())
        wait();
    return input_.pop();
}

std::uint32_t Shell::wait_foreground(Job& job) {
    while (!job.ended) {
        wait();
        if (!script_ && !interrupted_ && input_.drop_through_last(ctrl_c)) {
            interrupted_ = true;
            print("^C\n");
            Jobs::end(job, status_interrupted);
        }
    }
    const auto report = jobs_.take_report(job);
    // Somebody else's kill is news; an exit or our own Ctrl-C is not.
    if (report.cause != lamina::EndCause::exited && !interrupted_) tell_end(report);
    return libos::end_status(report);
}

void Shell::wait_killed(Job& job) {
    while (!job.ended)
        wait();
    tell_end(jobs_.take_report(job));
}

void Shell::put_in_background(Job& job) {
    job.background = true;
    variables_.background_id = job.id();
}

void Shell::report_background() {
    while (Job* job = jobs_.find_ended_background())
        tell_end(jobs_.take_report(*job));
}

void Shell::end_children() {
    jobs_.end_all();
    while (Job* job = jobs_.first()) {
        while (!job->ended)
            wait();
        (void)jobs_.take_report(*job);
    }
}

void Shell::tell_end(const lamina::EnvReport& report) {
    if (archive_ != nullptr)
        libos::describe_end(libos::console(), report, *archive_, Jobs::stack_pages);
    else
        libos::describe_end(libos::console(), report,
                            static_cast<const libos::SymbolTable*>(nullptr), Jobs::stack_pages);
    print("\n");
}

}  // namespace shell
