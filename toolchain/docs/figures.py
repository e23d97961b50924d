# toolchain/docs/figures.py - writes the table of measurements into docs/performance.md
import json
import re

from toolchain.cli import bars

BEGIN, END = "<!-- from apps/bench/bars.json -->\n", "<!-- end -->\n"


def table(rows):
    """The rows of bars.json as a Markdown table."""
    lines = ["| row | what | unit | Lamina | bar | others |", "|---|---|---|---:|---:|---|"]
    for name, row in rows.items():
        figures = [f"{row[key]:,}" if key in row else "" for key in ("recorded", "bar")]
        lines.append("| " + " | ".join([f"`{name}`", row["what"], row["unit"], *figures,
                                        bars.peers_text(row)]) + " |")
    return "\n".join(lines) + "\n"


def page(text, document):
    """The page with the table of bars.json renewed. ValueError: it has no place for one."""
    block = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    if len(block.findall(text)) != 1:
        raise ValueError("the page needs one block between the two comments")
    return block.sub(lambda _: f"{BEGIN}\n{table(document['rows'])}\n{END}", text)


def page_of_tree(root):
    """docs/performance.md as it should be; `root` is the root of the tree."""
    document = json.loads((root / "apps/bench/bars.json").read_text(encoding="utf-8"))
    return page((root / "docs/performance.md").read_text(encoding="utf-8"), document)
