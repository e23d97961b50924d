# toolchain/cli/script.py - turns `a; b 'c; d'` into lines for the guest's shell


def lines_of(commands):
    """The commands with each `;` outside quotes and not after a backslash as a new line, and a
    new line at the end."""
    out = []
    quote = None
    escaped = False
    for character in commands:
        if escaped:
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = None if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == ";":
            character = "\n"
        out.append(character)
    return "".join(out) + "\n"
