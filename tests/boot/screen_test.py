# tests/boot/screen_test.py - the screen shows what the serial console shows
import os
import pathlib
import re

from tests.boot import harness

ROWS, COLUMNS = 16, 8  # pixels of a character


def glyphs():
    """{16 rows of 8 pixels: character} of the kernel's font."""
    text = re.sub(r"//.*", "", pathlib.Path(os.environ["LAMINA_FONT"]).read_text(encoding="ascii"))
    numbers = bytes(int(number, 16) for number in re.findall(r"0x[0-9a-f]+", text))
    return {numbers[at:at + ROWS]: chr(ord(" ") + at // ROWS)
            for at in range(0, len(numbers), ROWS)}


def characters(width, height, pixels):
    """The text that pixels show, line by line; a cell that is no character is `?`."""
    font = glyphs()
    lines = []
    for top in range(0, height - ROWS + 1, ROWS):
        line = ""
        for left in range(0, width - COLUMNS + 1, COLUMNS):
            cell = bytearray()
            for row in range(top, top + ROWS):
                start = (row * width + left) * 3
                green = pixels[start + 1:start + COLUMNS * 3:3]
                cell.append(sum(0x80 >> x for x in range(COLUMNS) if green[x] > 64))
            line += font.get(bytes(cell), "?")
        lines.append(line.rstrip())
    return lines


class ScreenTest(harness.BootTest):
    def read_screen(self, machine):
        """The lines on the screen."""
        if os.environ["LAMINA_FIRMWARE"] == "direct":
            return machine.screen_text().split("\n")
        return characters(*machine.screen_pixels())

    def test_output(self):
        """What the shell writes stands on the screen, each line at its start; it scrolls."""
        with self.boot() as machine:
            machine.prompt()
            machine.command("echo first")
            for number in range(100):
                machine.command(f"echo line {number}")
            machine.command("echo The quick brown fox, 0123456789 {}[]<>")
            lines = self.read_screen(machine)
            self.assertIn("lamina> echo line 99", lines)
            at = lines.index("line 99")
            self.assertEqual(lines[at - 2:at], ["line 98", "lamina> echo line 99"])
            self.assertEqual(lines[at + 2], "The quick brown fox, 0123456789 {}[]<>")
            self.assertEqual(lines[at + 3], "lamina>")
            self.assertNotIn("first", lines)


if __name__ == "__main__":
    harness.main()
