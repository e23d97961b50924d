# tests/docs/figures_test.py - the table of measurements says what bars.json says
import unittest

from toolchain.docs import figures

BARS = {"rows": {
    "boot": {"what": "to init", "unit": "instructions", "recorded": 1234567, "bar": 4000000,
             "linux": 1410000000},
    "kernel call": {"what": "a call", "unit": "instructions", "recorded": 54},
    "locks spin": {"what": "a pair", "unit": "instructions", "recorded": 5, "bar": 14,
                   "peers": {"pthread_spin": 18, "ticket": 1400}},
}}
EMPTY = f"Text.\n\n{figures.BEGIN}{figures.END}\nMore.\n"


class FiguresTest(unittest.TestCase):
    def test_rows(self):
        """Every row is there with its figures; a row may have no bar and no peer, or several."""
        rows = figures.table(BARS["rows"]).splitlines()[2:]
        self.assertEqual(rows, [
            "| `boot` | to init | instructions | 1,234,567 | 4,000,000 | Linux 6.1: "
            "1,410,000,000 |",
            "| `kernel call` | a call | instructions | 54 |  |  |",
            "| `locks spin` | a pair | instructions | 5 | 14 | pthread_spin: 18, ticket: 1,400 |"])

    def test_page(self):
        """Only what is between the comments changes, and once it is right nothing does."""
        page = figures.page(EMPTY, BARS)
        self.assertTrue(page.startswith("Text.\n") and page.endswith("\nMore.\n"))
        self.assertIn("1,234,567", page)
        self.assertEqual(figures.page(page, BARS), page)

    def test_no_place(self):
        """A page without the comments, or with two pairs, is refused."""
        self.assertRaises(ValueError, figures.page, "Text.\n", BARS)
        self.assertRaises(ValueError, figures.page, EMPTY + EMPTY, BARS)


if __name__ == "__main__":
    unittest.main()
