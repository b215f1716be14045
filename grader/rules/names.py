"""Where names come from: imports and their aliases, scopes, and what the file defines itself."""

from __future__ import annotations

import ast
import unicodedata
from collections.abc import Iterable, Iterator

MOST = 8
"""Things that one name may stand for in one file: more are refused, and not followed."""

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def normal(text: str) -> str:
    """Return a name as Python reads it: look-alike letters folded by NFKC."""
    return unicodedata.normalize("NFKC", text)


def is_dunder(name: str) -> bool:
    """Tell whether a name has two underscores on both sides."""
    return len(name) > 4 and name.startswith("__") and name.endswith("__")


def last(path: str) -> str:
    """Return the last part of a dotted name."""
    return path.rpartition(".")[2]


def chain(node: ast.expr | None) -> list[str]:
    """Return the parts of `F.relu` or `getattr(F, "relu")`; nothing where no name starts it."""
    parts: list[str] = []
    while not isinstance(node, ast.Name):
        match node:
            case ast.Attribute(value=owner, attr=name):
                parts.append(name)
            case ast.Call(ast.Name("getattr"), [owner, ast.Constant(str(name)), *_]):
                parts.append(normal(name))
            case _:
                return []
        node = owner
    return [node.id, *reversed(parts)]


def dotted(node: ast.expr) -> str:
    """Return `F.softmax` for a chain of plain names, else the last name alone."""
    last_name = node.attr if isinstance(node, ast.Attribute) else "..."
    return ".".join(chain(node)) or last_name


def block(function: Function) -> list[ast.AST]:
    """Return the body as a list; a lambda's is one expression."""
    return [*function.body] if isinstance(function.body, list) else [function.body]


def own_nodes(statements: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Walk the nodes of one scope: not into functions, classes or comprehension targets."""
    waiting = list(statements)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.comprehension):
            waiting += [node.iter, *node.ifs]
        elif not isinstance(node, Function | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)


def bound(statements: Iterable[ast.AST]) -> set[str]:
    """Return the names that a block binds in its own scope, imports left out."""
    names = set()
    for node in own_nodes(statements):
        match node:
            case (
                ast.Name(id=str(name), ctx=ast.Store())
                | ast.FunctionDef(name=str(name))
                | ast.AsyncFunctionDef(name=str(name))
                | ast.ClassDef(name=str(name))
                | ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
            ):
                names.add(name)
    return names


def global_names(statements: Iterable[ast.AST]) -> set[str]:
    """Return the names that a block declares global."""
    found = [node for node in own_nodes(statements) if isinstance(node, ast.Global)]
    return {name for node in found for name in node.names}


def imports(node: ast.AST) -> list[tuple[str, str]]:
    """Return (name in this file, full name) for each name that a statement imports."""
    match node:
        case ast.Import(names=names):
            return [
                (alias.asname, alias.name) if alias.asname else (root, root)
                for alias in names
                for root in [alias.name.partition(".")[0]]
            ]
        case ast.ImportFrom(module=str(module), names=names, level=0):
            return [(each.asname or each.name, f"{module}.{each.name}") for each in names]
    return []


def alias_targets(node: ast.AST) -> list[str]:
    """Return the names of `name = value` where nothing else is assigned to."""
    match node:
        case ast.Assign(targets=targets):
            names = [each.id for each in targets if isinstance(each, ast.Name)]
            return names if len(names) == len(targets) else []
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            return [name]
    return []


def _targets(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Assign(targets=targets):
            return targets
        case ast.AnnAssign(target=target):
            return [target]
    return []


def _stores(node: ast.AST) -> set[str]:
    """Return the names that are bound here by anything but a definition."""
    leaf = isinstance(node, ast.Name | ast.ExceptHandler | ast.pattern)
    return bound([node]) if leaf else set()


class Names:
    """The names of one file, collected before it is judged."""

    def __init__(self, tree: ast.Module) -> None:
        self.defined = bound(tree.body)
        self.attributes: set[str] = set()
        """Methods and fields of the file's classes, and what they assign to `self`."""
        self.parameters: set[str] = set()
        self.classes: set[str] = set()
        self.assigned: set[str] = set()
        """Names that are not only those of functions, classes, and aliases of modules."""
        self.imported: dict[str, set[str]] = {}
        nodes = list(ast.walk(tree))
        for node in nodes:
            self._collect(node)
        self.known = {name: {*sorted(paths)[: MOST + 1]} for name, paths in self.imported.items()}
        """Every full name that a name of this file may have."""
        for name, paths in [
            (name, self.origins(node.value, set()))  # type: ignore[attr-defined]
            for node in nodes
            for name in self.followed(node)
        ]:
            known = self.known.setdefault(name, set())
            known.update(paths if len(known) <= MOST else ())
        aliases = {id(each) for node in nodes for each in _targets(node) if self.followed(node)}
        self.assigned = self.parameters | {
            name for node in nodes if id(node) not in aliases for name in _stores(node)
        }

    def _collect(self, node: ast.AST) -> None:
        for name, path in imports(node):
            self.imported.setdefault(name, set()).add(path)
        match node:
            case ast.ClassDef(name=name):
                self.classes.add(name)
                self.attributes |= bound(node.body)
            case ast.Attribute(value=ast.Name(id="self" | "cls"), ctx=ast.Store()):
                self.attributes.add(node.attr)
            case ast.arg():
                self.parameters.add(node.arg)

    def followed(self, node: ast.AST) -> list[str]:
        """Return `F` of `F = torch.nn.functional`; `G = F` on top of that is not followed."""
        match node:
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                return alias_targets(node) if {*chain(value)[:1]} & self.imported.keys() else []
        return []

    def locals(self, function: Function, around: set[str]) -> set[str]:
        """Return the names that are local in a function and hold no module for certain."""
        args = function.args
        every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
        names = around | {each.arg for each in every if each} | bound(block(function))
        names -= global_names(block(function))
        for node in own_nodes(block(function)):
            names -= {name for name, _ in imports(node)} | set(self.followed(node))
        return names

    def origins(self, node: ast.expr | None, local: set[str]) -> set[str]:
        """Return every full name that an expression may have: `F.relu` -> torch...relu."""
        parts = chain(node)
        if not parts or parts[0] in local:
            return set()
        return {".".join((path, *parts[1:])) for path in self.known.get(parts[0], ())}
