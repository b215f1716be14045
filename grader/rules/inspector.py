"""The walk over the tree that finds forbidden names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from grader.model import Rules
from grader.rules import tables
from grader.rules.bans import Bans
from grader.rules.names import (
    MOST,
    Function,
    Names,
    block,
    bound,
    chain,
    dotted,
    global_names,
    is_dunder,
    last,
    normal,
)
from grader.rules.objects import SELF, self_is_certain

Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def forbidden_names(tree: ast.Module, rules: Rules) -> list[tuple[int, str, str]]:
    """Return (line, name as written, reason) of every forbidden name, in order of finding."""
    inspector = _Inspector(Names(tree), Bans(rules), self_is_certain(tree))
    inspector.visit(tree)
    return inspector.found


class _Inspector:
    def __init__(self, names: Names, bans: Bans, certain: bool) -> None:
        self.names = names
        self.bans = bans
        self.certain = certain
        """Whether `self` is for certain an object of a class of this file."""
        self.found: list[tuple[int, str, str]] = []
        self.local: set[str] = set()
        """Names that are local to the function around: they are neither builtins nor modules."""
        self.classes = 0
        self.class_body = False
        self.owners: set[ast.AST] = set()
        """Expressions that stand where a module may stand, before a dot."""

    def visit(self, node: ast.AST) -> None:
        match node:
            case ast.Name():
                self.name(node)
            case ast.Attribute():
                self.dot(node)
            case ast.Call():
                self.call(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                self.function(node)
            case ast.ClassDef():
                self.class_(node)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                self.comprehension(node)
            case ast.Import() | ast.ImportFrom():
                self.import_(node)
            case _:
                self.other(node)

    def other(self, node: ast.AST) -> None:
        match node:
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                if self.names.followed(node) and not self.class_body:
                    self.owners.add(value)
            case ast.BinOp(op=operator) | ast.AugAssign(op=operator):
                if sign := tables.OPERATORS.get(type(operator)):
                    self.report(node, sign[0], self.bans.building(sign[1]))
            case ast.MatchClass(kwd_attrs=names):
                for name in names:
                    self.attribute(node, None, name)
        for child in ast.iter_child_nodes(node):
            self.visit(child)

    # --- verdicts about one name ---

    def report(self, node: ast.AST, name: str, reason: str | None) -> None:
        if reason:
            self.found.append((getattr(node, "lineno", 1), name, reason))

    def origins(self, node: ast.expr | None) -> set[str]:
        return self.names.origins(node, self.local)

    # --- names and attributes ---

    def name(self, node: ast.Name) -> None:
        name = node.id
        if is_dunder(name) and name not in tables.DUNDER_NAMES:
            self.report(node, name, tables.BUILTINS.get(name, tables.DUNDER))
        if isinstance(node.ctx, ast.Store) or name in self.local:
            return
        self.value(node)
        paths = self.origins(node)
        self.report(node, name, tables.MANY if len(paths) > MOST else None)
        for path in paths:
            self.report(node, path, self.bans.building(last(path)))
        if not paths:
            self.report(node, name, self.bans.builtin(name))
        if not paths and name not in self.names.defined:
            self.report(node, name, self.bans.building(name))

    def dot(self, node: ast.Attribute) -> None:
        owner, load = node.value, isinstance(node.ctx, ast.Load)
        self.attribute(node, owner, node.attr, load=load)
        if load:
            self.value(node)
        if node.attr == "__name__" and isinstance(owner, ast.Attribute):
            owner = owner.value if owner.attr == "__class__" else owner
        self.owners.add(owner)
        self.visit(owner)

    def attribute(
        self, node: ast.AST, owner: ast.expr | None, name: str, *, load: bool = True
    ) -> None:
        """Judge `owner.name`, however it is written."""
        text = ".".join([*chain(owner), name])
        if is_dunder(name) and not self.ordinary(owner, name):
            self.report(node, text, tables.DUNDER)
        if self.owns(owner, name):
            return
        paths = self.origins(owner)
        for path in paths or {""}:
            self.report(node, text, self.bans.path(f"{path}.{name}" if path else name))
        if load:
            self.report(node, text, self.bans.building(name))
        elif any(not path.startswith("torch.backends.") for path in paths):
            self.report(node, text, tables.REBIND)

    def ordinary(self, owner: ast.expr | None, name: str) -> bool:
        match owner:
            case ast.Call(func=ast.Name(id="super")):
                return name in tables.ORDINARY
        return name in tables.READABLE

    def owns(self, owner: ast.expr | None, name: str) -> bool:
        """Tell whether this is `self.name` in a class, with `name` defined in this file."""
        own = isinstance(owner, ast.Name) and owner.id in SELF and self.certain
        return own and self.classes > 0 and name in self.names.attributes

    def value(self, node: ast.expr) -> None:
        """Refuse a module that stands where a value stands: nobody can follow it from there."""
        if node not in self.owners and any(
            "." not in path or path in tables.PARENTS for path in self.origins(node)
        ):
            self.report(node, dotted(node), tables.MODULE)

    # --- calls ---

    def call(self, node: ast.Call) -> None:
        for name, value in _keywords(node):
            if not self.own_keyword(node.func, name):
                self.report(value, name, self.bans.building(name))
            safe = isinstance(value, ast.Constant) and value.value is True
            if name == "weights_only" and not safe:
                self.report(value, name, tables.UNSAFE_LOAD)
        if not self.known_call(node):
            self.visit(node.func)
        for part in (*node.args, *node.keywords):
            self.visit(part)

    def own_keyword(self, function: ast.expr, name: str) -> bool:
        """Tell whether the file defines both what is called and a parameter of this name."""
        if name not in self.names.parameters | self.names.attributes:
            return False
        match function:
            case ast.Name(id=called):
                own = called in self.names.defined | self.local | {"cls"}
                return own and not self.origins(function)
            case ast.Attribute(value=owner, attr=called):
                return self.owns(owner, called)
        return False

    def known_call(self, node: ast.Call) -> bool:
        """Judge the harmless forms of `getattr` and `type`; any other is a forbidden name."""
        match node:
            case ast.Call(ast.Name(id=called)) if called in self.local:
                return False
            case ast.Call(ast.Name(id="type"), [argument], []):
                return not isinstance(argument, ast.Starred)
            case ast.Call(
                ast.Name(id="getattr" | "hasattr" | "setattr" | "delattr" as called),
                [owner, ast.Constant(str(name)), *_],
            ):
                self.owners.add(owner)
                load = called in ("getattr", "hasattr")
                self.attribute(node, owner, normal(name), load=load)
                self.value(node)
                return True
        return False

    # --- definitions and scopes ---

    @contextmanager
    def scope(self, local: set[str], *, class_body: bool = False) -> Iterator[None]:
        before = self.local, self.class_body, self.classes
        self.local, self.class_body, self.classes = local, class_body, self.classes + class_body
        yield
        self.local, self.class_body, self.classes = before

    def function(self, node: Function) -> None:
        """Visit defaults and annotations outside, the body inside the function's scope."""
        if not isinstance(node, ast.Lambda):
            self.definition(node, tables.ORDINARY)
        body = dict.fromkeys(block(node))
        for part in ast.iter_child_nodes(node):
            if part not in body:
                self.visit(part)
        with self.scope(self.names.locals(node, self.local)):
            for part in body:
                self.visit(part)

    def class_(self, node: ast.ClassDef) -> None:
        self.definition(node, set())
        for keyword in node.keywords:
            metaclass = keyword.arg in (None, "metaclass")
            self.report(node, "metaclass", tables.METACLASS if metaclass else None)
        for base in node.bases:
            self.base(base)
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)
        local = self.local - bound(node.body) - global_names(node.body)
        with self.scope(local, class_body=True):
            for statement in node.body:
                self.visit(statement)

    def base(self, node: ast.expr) -> None:
        """Judge a base class: one of this file or an imported one, but no tensor."""
        named = node.value if isinstance(node, ast.Subscript) else node
        paths, (name, *_) = self.origins(named), chain(named) or [""]
        certain = name not in self.names.assigned and (paths or name in self.names.classes)
        if not certain and not (isinstance(named, ast.Name) and name not in self.names.defined):
            self.report(node, dotted(named), tables.UNKNOWN_BASE)
        if any(last(path) in tables.TENSORS for path in paths):
            self.report(node, dotted(named), tables.TENSOR_BASE)

    def comprehension(self, node: Comprehension) -> None:
        """Visit the first iterable outside: there the loop's own names do not exist yet."""
        first = node.generators[0].iter
        self.visit(first)
        parts = [part for each in node.generators for part in (each.target, *each.ifs, each.iter)]
        parts += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        with self.scope(self.local | bound(each.target for each in node.generators)):
            for part in parts:
                if part is not first:
                    self.visit(part)

    def definition(self, node: Definition, ordinary: set[str]) -> None:
        if is_dunder(node.name) and node.name not in ordinary:
            self.report(node, node.name, tables.TRICK)
        for decorator in node.decorator_list:
            target = decorator.func if isinstance(decorator, ast.Call) else decorator
            paths = self.origins(target)
            plain = isinstance(decorator, ast.Name) and decorator.id in tables.PLAIN_DECORATORS
            if not (paths <= tables.DECORATORS if paths else plain):
                self.report(decorator, f"@{dotted(target)}", tables.DECORATOR)

    # --- imports ---

    def import_(self, node: ast.Import | ast.ImportFrom) -> None:
        level = node.level if isinstance(node, ast.ImportFrom) else 0
        module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        if level:
            self.report(node, "." * level + module, tables.RELATIVE)
            return
        for alias in node.names:
            self.report(node, alias.name, tables.CLASS_IMPORT if self.class_body else None)
            self.report(node, "*", tables.STAR if alias.name == "*" else None)
            if alias.asname and is_dunder(alias.asname):
                self.report(node, alias.asname, tables.DUNDER)
            path = f"{module}.{alias.name}" if module else alias.name
            self.imported(node, module or alias.name, path.removesuffix(".*"))

    def imported(self, node: ast.AST, module: str, path: str) -> None:
        reason = self.bans.module(module)
        self.report(node, module, reason)
        if reason:
            return
        parts = path.split(".")
        for end, part in enumerate(parts, 1):
            prefix = ".".join(parts[:end])
            self.report(node, prefix, self.bans.path(prefix) if end > 1 else None)
            self.report(node, path, self.bans.building(part))


def _keywords(node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Yield each keyword argument, also those of `**{"name": value}`."""
    for keyword in node.keywords:
        if keyword.arg:
            yield keyword.arg, keyword.value
        elif isinstance(keyword.value, ast.Dict):
            for key, value in zip(keyword.value.keys, keyword.value.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield normal(key.value), value
