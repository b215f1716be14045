"""Why a name is not available: what one exercise forbids, and what no exercise allows."""

from __future__ import annotations

from grader.model import Rules
from grader.rules import tables
from grader.rules.names import last, normal


def _plain(name: str) -> str:
    """Fold what does not change the meaning: LogSoftmax, log_softmax_ and _log_softmax are one."""
    return normal(name).casefold().replace("_", "")


class Bans:
    """The rules of one exercise; each method returns the reason, or nothing where all is well."""

    def __init__(self, rules: Rules) -> None:
        self.imports = rules.imports
        self.forbid = {_plain(last(entry)): last(entry) for entry in rules.forbid if entry}
        self.prefixes = tuple(key[:-1] for key in self.forbid if key.endswith("*"))

    def building(self, name: str) -> str | None:
        """Judge a last name by the exercise's own list."""
        plain = _plain(name)
        built = self.forbid.get(plain) or (name if plain.startswith(self.prefixes) else None)
        return built and (
            f"this exercise is about building {built}, so {built} itself is not available here"
        )

    def builtin(self, name: str) -> str | None:
        """Judge a bare name that means a builtin."""
        return None if name in self.imports else tables.BUILTINS.get(name)

    def path(self, path: str) -> str | None:
        """Judge a full name, or the attribute of an unknown owner."""
        name = last(path)
        if path in self.imports or name in tables.READABLE:
            return None
        private = tables.PRIVATE if name.startswith("_") and name != path else None
        return tables.PATHS.get(path) or tables.ATTRIBUTES.get(name) or private

    def module(self, module: str) -> str | None:
        """Judge a module that is imported."""
        if any(f"{module}.".startswith(f"{entry}.") for entry in self.imports):
            return None
        reason = f"only {', '.join(self.imports)} may be imported here"
        return tables.ATTRIBUTES.get(module.partition(".")[0], reason)
