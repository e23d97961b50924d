# toolchain/guest_test/unity_output.py - judges what a Unity test program printed
import re

_TOTALS = re.compile(r"^(\d+) Tests (\d+) Failures (\d+) Ignored$", re.MULTILINE)
_CASE = re.compile(r"^\S+?:\d+:[^:\n]+:(PASS|FAIL|IGNORE)\b", re.MULTILINE)


def complaint(text):
    """Why the output is not that of a passed run, or None if it is.

    Passed means: totals that count at least one case, as many case lines as the totals say, and
    no failure.
    """
    totals = _TOTALS.findall(text)
    if len(totals) != 1:
        return f"{len(totals)} lines with totals, not one: the program did not reach its end"
    tests, failures, ignored = map(int, totals[0])
    verdicts = _CASE.findall(text)
    if tests == 0:
        return "no case ran"
    if failures or "FAIL" in verdicts:
        return f"{max(failures, verdicts.count('FAIL'))} cases failed"
    if (len(verdicts), verdicts.count("IGNORE")) != (tests, ignored):
        return f"{len(verdicts)} cases are shown, the totals say {tests}"
    return None
