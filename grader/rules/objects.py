"""Whether `self` is for certain an object of the class that is written around it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.rules.names import Function, own_nodes

SELF = {"self", "cls"}


def self_is_certain(tree: ast.Module) -> bool:
    """Tell whether no method of the file can be called with a `self` of another kind.

    That is so if classes are only called, derived from and named in annotations, methods are only
    reached through objects, and nothing but a method's first parameter is called self.
    """
    nodes = list(ast.walk(tree))
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    methods = {id(each) for node in classes for each in own_nodes(node.body)}
    plain = set(map(id, _plain_uses(nodes)))
    names = {node.name for node in classes} | {"cls", "type"}
    return not (
        any(id(node) not in plain and _loads(node) in names for node in nodes)
        or any(_binds_self(node, id(node) in methods) for node in nodes)
        or any(map(_hands_out_a_method, classes))
    )


def _plain_uses(nodes: list[ast.AST]) -> Iterator[ast.AST]:
    """Yield the expressions where a class may stand."""
    functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, kind]):
                yield kind
            case ast.Call(func=ast.Name(id=name) as called) if name != "type":
                yield called
            case ast.ClassDef(bases=bases):
                yield from bases
            case ast.Attribute(value=ast.Name(id="cls") as owner, attr=name):
                yield from [owner] if name not in functions else []
            case (
                ast.arg(annotation=ast.expr() as noted)
                | ast.AnnAssign(annotation=noted)
                | ast.FunctionDef(returns=ast.expr() as noted)
            ):
                yield from ast.walk(noted)


def _loads(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) else ""


def _binds_self(node: ast.AST, in_class: bool) -> bool:
    match node:
        case ast.Name(id=name, ctx=ast.Store()):
            return name in SELF
        case (
            ast.ExceptHandler(name=str(name))
            | ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
            | ast.MatchMapping(rest=str(name))
            | ast.alias(asname=str(name))
        ):
            return name in SELF
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            return bool(_other_parameters(node, in_class) & SELF)
    return False


def _other_parameters(function: Function, in_class: bool) -> set[str]:
    """Return the parameters, without the first of a method."""
    listed = [] if isinstance(function, ast.Lambda) else function.decorator_list
    static = any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in listed)
    args = function.args
    first = [*args.posonlyargs, *args.args][:1]
    method = in_class and not static and not isinstance(function, ast.Lambda)
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return {each.arg for each in every if each and not (method and each in first)}


def _hands_out_a_method(class_: ast.ClassDef) -> bool:
    """Tell whether the class's own body uses one of its functions, other than as an operator."""
    body = list(own_nodes(class_.body))
    functions = {node.name for node in body if isinstance(node, ast.FunctionDef)}
    functions = {name for name in functions if not name.startswith("__")}
    return any(_loads(node) in functions for node in body)
