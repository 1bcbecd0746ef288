"""What is done with each picture of a job: bytes in, the bytes of a result and facts out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any


class Maker(ABC):
    """Makes a result of each picture; small to pickle, since it is sent to other processes and machines.

    Attributes:
        settings: one line that changes whenever results would.
        on_gpu: whether each process takes a GPU.
    """

    settings: str
    on_gpu: bool = False

    @abstractmethod
    def result_name(self, name: str) -> str:
        """The name of the result of a picture of that name."""

    @abstractmethod
    def make(self, name: str, data: bytes) -> tuple[bytes, dict[str, Any]]:
        """Make a result.

        Args:
            name: of the picture.
            data: the bytes of the picture file.

        Returns:
            The bytes of the result, and facts, of which ``seconds`` are by stage.

        Raises:
            ImpastoError: the picture or the machine does not allow it.
        """

    @abstractmethod
    def is_alike(self, result: bytes, name: str, read: Callable[[], bytes]) -> bool:
        """Whether a result that is there was made of its picture in this way.

        Args:
            result: its bytes.
            name: of the picture.
            read: gives the bytes of the picture.
        """

    def is_result(self, data: bytes) -> bool:
        """Whether a picture is a result itself, of which none is made unless that is asked for."""
        return False

    def with_memory(self, memory: int) -> Maker:
        """The same where a process may take so many bytes, unless it has a limit of its own."""
        return self
