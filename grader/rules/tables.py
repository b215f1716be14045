"""What no exercise allows, each with its reason; and what is ordinary.

A name listed in full in `Rules.imports` (`open`, `torch.load`, `pathlib`) is allowed again.
"""

from __future__ import annotations

import ast

_FILES = "a submission may not read or write files"
_TEXT = "a submission may not run text as code"
_NAMES = "a submission may not reach into Python's tables of names"
_ESCAPE = "it reaches outside the exercise, to the machine or to the grader"
_FRAMES = "a submission may not reach into Python's frames and code objects"
_NATIVE = "it runs code that is not in this file"
_LITERAL = "the attribute must be named by a literal text, or written as `x.name`"

DUNDER = "names with two underscores on both sides belong to Python itself"
TRICK = "a method of this name changes how Python itself treats the object; leave it out"
METACLASS = "a metaclass changes how Python itself builds the class; leave it out"
PRIVATE = "names that start with an underscore are private to their module"
MODULE = "write `module.name`; a module itself is never handed around as a value"
TENSOR_BASE = "a class that builds on tensors takes over all that they can do; hold one instead"
UNKNOWN_BASE = "a base class is an imported one or one of this file, written by its own name"
CLASS_IMPORT = "an import stands at the top of the file or in a function, not in a class"
MANY = "one name stands for too many things here; give each its own name"
REBIND = "a submission may not change what it imports"
STAR = "import each name by itself, so that it is clear where it comes from"
RELATIVE = "a submission is one file, so there is nothing beside it to import"
UNSAFE_LOAD = "only `weights_only=True` is safe to load"
DECORATOR = (
    "only property, staticmethod, classmethod, dataclass, contextmanager, torch.no_grad and "
    "torch.inference_mode may decorate"
)


def _table(*groups: tuple[str, str]) -> dict[str, str]:
    return {name: reason for names, reason in groups for name in names.split()}


OPERATORS = {ast.MatMult: ("@", "matmul"), ast.Pow: ("**", "pow")}
"""Signs that are a function under another name; `+`, `*` and `/` are no exercise's subject."""

BUILTINS = _table(
    ("exec eval compile", _TEXT),
    ("__import__", "write an import statement instead"),
    ("globals locals vars", _NAMES),
    ("open", _FILES),
    ("input breakpoint help", "nobody sits at the keyboard while a submission is graded"),
    ("exit quit", "a submission may not end its own process; return or raise instead"),
    ("getattr setattr delattr hasattr", _LITERAL),
    ("type", "it may only be called with one argument; write a class statement to make a class"),
)
"""Bare names."""

ATTRIBUTES = _table(
    ("os sys builtins importlib ctypes inspect subprocess socket multiprocessing", _ESCAPE),
    ("threading pickle marshal gc codecs shutil pathlib tempfile io", _ESCAPE),
    ("torch", "import torch by itself instead of taking it from somewhere else"),
    ("operator functools logging traceback copyreg glob concurrent mp", _ESCAPE),
    ("python_multiprocessing platform", _ESCAPE),
    ("cpp_extension _C", _NATIVE),
    ("from_file fromfile tofile memmap", _FILES),
    ("gi_frame gi_code gi_yieldfrom cr_frame cr_code cr_await ag_frame ag_code", _FRAMES),
    ("f_back f_builtins f_code f_globals f_locals tb_frame tb_next func_globals", _FRAMES),
)
"""Last names, whatever their owner; also modules that are never imported."""

PATHS = _table(
    ("torch.load torch.save torch.hub torch.serialization torch.package", _FILES),
    (
        "torch.profiler torch.autograd.profiler torch.utils.model_zoo torch.utils.tensorboard",
        _FILES,
    ),
    ("torch.nn.utils.prune torch.ao torch.quantization", _LITERAL),
    ("torch.utils.data.datapipes torch.utils.show_pickle", _FILES),
    ("torch.ops torch.classes torch.library torch.jit torch.fx torch.export torch.onnx", _NATIVE),
    ("torch.utils.benchmark torch.utils.bundled_inputs torch.utils.bottleneck", _NATIVE),
    ("torch.overrides torch.distributed torch.utils.backend_registration", _ESCAPE),
    ("torch.utils.collect_env torch.platform", _ESCAPE),
    ("numpy.load numpy.save numpy.savez numpy.savez_compressed numpy.savetxt", _FILES),
    ("numpy.loadtxt numpy.genfromtxt numpy.fromregex numpy.DataSource", _FILES),
    (
        "numpy.lib.format numpy.lib.npyio numpy.ctypeslib numpy.f2py numpy.distutils numpy.testing",
        _ESCAPE,
    ),
    ("typing.get_type_hints typing.ForwardRef dataclasses.make_dataclass", _TEXT),
    ("typing.types typing.operator typing.functools typing.contextlib", _ESCAPE),
    ("dataclasses.types dataclasses.functools dataclasses.re dataclasses.itertools", _ESCAPE),
)
"""Names by where they were imported from, under whatever alias."""

PARENTS = {path.rpartition(".")[0] for path in PATHS}
"""Modules that must not be handed around, because something in them is forbidden."""

DECORATORS = {
    *("torch.no_grad", "torch.inference_mode"),
    *("dataclasses.dataclass", "contextlib.contextmanager"),
}
TENSORS = {"Tensor", "TensorBase", "Parameter", "Buffer", "UninitializedParameter"}
TENSORS |= {"ndarray", "MaskedArray", "matrix", "recarray"}
"""Classes that no class may build on."""

PLAIN_DECORATORS = {"property", "staticmethod", "classmethod"}

READABLE = {"__name__", "__version__"}
"""Harmless attributes of anything."""

_OPERATORS = "add sub mul matmul truediv floordiv mod pow and or xor lshift rshift"
ORDINARY = {
    f"__{name}__"
    for name in (
        "init post_init repr str len call enter exit iter next reversed contains "
        "getitem setitem delitem neg pos abs invert bool int float round divmod rdivmod "
        "lt le gt ge"
    ).split()
    + [prefix + name for name in _OPERATORS.split() for prefix in ("", "r", "i")]
}
"""Methods that a learner may define, and call on `super()`.

Missing on purpose: `__eq__` and `__hash__` (an object equal to everything), attribute hooks,
`__new__`, `__del__`, `__class__`, descriptors, pickling, `__index__`, `__array__`,
`__torch_function__` and `__torch_dispatch__`.
"""

DUNDER_NAMES = ORDINARY | {"__name__", "__all__", "__slots__"}
"""Bare names: `__rmul__ = __mul__` and `if __name__ == "__main__"` are ordinary."""
