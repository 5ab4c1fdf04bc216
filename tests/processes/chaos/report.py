"""What a run came to, for people."""

import sys


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def shown(report: dict) -> str:
    """A table of figures, then every difference."""
    single = ("seed", "seconds", "orders", "fills", "refused")
    lines = ["", *(f"{name:<28}{report[name]:>8}" for name in single)]
    for group in ("faults", "strikes", "statuses", "incidents"):
        lines.append(group)
        for name, count in sorted(report[group].items()):
            lines.append(f"  {name:<26}{count:>8}")
    lines.append(f"{'faults demanded / explained':<28}{report['demanded']:>8}")
    lines.append(f"{'differences':<28}{len(report['differences']):>8}")
    lines += [f"  {difference}" for difference in report["differences"]]
    return "\n".join(lines)
