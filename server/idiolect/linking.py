"""Compiled functions that call each other, made machine code together and not one by one.

numba optimises and assembles every function by itself, with all that it calls in it; in a tree of
some hundred functions the leaves are gone through again at every level, and two thirds of what is
made is called by nobody.  A `Kernel` has two sides.  Called from Python it is compiled whole, with
everything beneath it, once.  Called from another kernel, only its code before optimisation is made,
and linked into what Python calls.

What is used of numba has no promise to stay; `compiled.kind_for` knows the versions it was tried with.
"""

from collections.abc import Callable, Iterator
from typing import Any

import llvmlite.binding as llvm
from numba.core import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.dispatcher import _FunctionCompiler  # type: ignore[attr-defined]
from numba.core.registry import CPUDispatcher

__all__ = ["Kernel"]


class _Part(JITCodeLibrary):  # type: ignore[misc]
    """The code of one function, to be linked into that of others and never run by itself."""

    _shared_module: Any

    def finalize(self) -> None:
        """Make it fit for linking, and leave it as it is."""
        for library in self._linking_libraries:
            self._reload_init.update(library._reload_init)
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage == llvm.Linkage.external:
                function.linkage = "linkonce_odr"  # may come from several sides, may be left out
        self._finalized = True

    def _get_module_for_linking(self) -> Any:
        """Give its code with all that is beneath it; what calls comes before what is called."""
        if self._shared_module is None:
            whole = self._final_module.clone()
            for library in self._beneath():
                part = isinstance(library, _Part)
                module = library._final_module if part else library._get_module_for_linking()
                whole.link_in(module, preserve=True)
            self._shared_module = whole
        return self._shared_module

    def _beneath(self) -> Iterator[JITCodeLibrary]:
        seen = {self}
        waiting = list(self._linking_libraries)
        while waiting:
            library = waiting.pop(0)
            if library not in seen:
                seen.add(library)
                yield library
                if isinstance(library, _Part):
                    waiting += library._linking_libraries


class _WholeLibrary(JITCodeLibrary):  # type: ignore[misc]
    """The code of a function that is called from outside, with all that is linked into it for itself.

    Names of functions count from one in every process: two that were compiled in different ones and
    kept on disk may have the same, and the system would let the one stand for the other.
    """

    def _optimize_final_module(self) -> None:
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage == llvm.Linkage.linkonce_odr:
                function.linkage = "internal"
        super()._optimize_final_module()


class _Whole(Compiler):  # type: ignore[misc]
    """numba's pipeline, for what is called from outside: by Python, or by C."""

    def compile_extra(self, function: Callable[..., object]) -> Any:
        """Compile a function."""
        library = _WholeLibrary(self.state.targetctx.codegen(), function.__qualname__)
        library.enable_object_caching()  # before anything is in it, so that it can be kept on disk
        self.state.library = library
        return super().compile_extra(function)


class _PartPipeline(Compiler):  # type: ignore[misc]
    """numba's own, into a `_Part`."""

    def compile_extra(self, function: Callable[..., object]) -> Any:
        """Compile a function."""
        self.state.library = _Part(self.state.targetctx.codegen(), function.__qualname__)
        return super().compile_extra(function)


class _PartCompiler(_FunctionCompiler):  # type: ignore[misc]
    """Stops before machine code, as numba does for C callbacks, and makes no way in for Python."""

    def _customize_flags(self, flags: Any) -> Any:
        flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
        return flags

    def _compile_core(self, arguments: Any, return_type: Any) -> Any:
        made = super()._compile_core(arguments, return_type)
        key = object()  # numba goes by what Python would call
        self.targetdescr.target_context.insert_user_function(key, made.fndesc, [made.library])
        return made._replace(entry_point=key)


class _Inside(CPUDispatcher):  # type: ignore[misc]
    """A kernel as other kernels see it."""

    def __init__(self, function: Callable[..., object], options: dict[str, Any]) -> None:
        super().__init__(function, targetoptions=options)
        self._compiler = _PartCompiler(function, self.targetdescr, options, {}, _PartPipeline)

    def add_overload(self, made: Any) -> None:
        """Keep what was compiled for its types."""
        self.overloads[tuple(made.signature.args)] = made


class Kernel(CPUDispatcher):  # type: ignore[misc]
    """A compiled function, for Python and for other kernels.

    Parameters
    ----------
    py_func : callable
        What to compile.
    locals : dict, optional
        As numba has them.
    targetoptions : dict, optional
        As numba has them.
    """

    pipeline = _Whole

    def __init__(
        self,
        py_func: Callable[..., object],
        locals: dict[str, Any] | None = None,
        targetoptions: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(py_func, locals, targetoptions, _Whole)
        self._inside = _Inside(py_func, targetoptions or {})

    @property
    def is_compiled(self) -> bool:
        """Whether it can be called, from one side or the other, with some types."""
        return bool(self.overloads or self._inside.overloads)

    def get_call_template(self, arguments: Any, named: Any) -> Any:
        """Say what a call from another kernel is of: its types, and not the numbers that stand there.

        For each number numba would compile it again; linked, it is made to measure all the same.
        """
        return self._inside.get_call_template(tuple(map(types.unliteral, arguments)), named)  # type: ignore[attr-defined]

    def get_overload(self, signature: Any) -> Any:
        """Say what another kernel calls."""
        return self._inside.get_overload(signature)
