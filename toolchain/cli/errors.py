# toolchain/cli/errors.py - the ways a command ends badly, each with its exit status
"""Exit statuses: the guest's 0-123, 124 timed out, 125 Lamina itself failed, 2 usage, 3 set-up."""

TESTS_FAILED = 1
INTERRUPTED = 130


class Failure(Exception):
    """Ends the command: `message` goes to standard error, `exit_status` to the caller."""

    exit_status = 125

    def __init__(self, message, detail=""):
        super().__init__(message)
        self.message = message
        self.detail = detail


class UsageError(Failure):
    """The command line is wrong; the message names what would be right."""

    exit_status = 2


class SetUpError(Failure):
    """A package is missing and was not installed. The set-up script has said which."""

    exit_status = 3


class TimedOut(Failure):
    """The guest did not end within --timeout."""

    exit_status = 124


class Broken(Failure):
    """Build, QEMU or guest failed. `detail` is what shows why, such as the tail of a log."""

    exit_status = 125


class Stopped(BaseException):
    """A signal asked the tool to end. Not an Exception, so nothing handles it by accident."""

    def __init__(self, signal_number):
        super().__init__(signal_number)
        self.exit_status = 128 + signal_number
