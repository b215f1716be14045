"""The folder of a candidate: the work, and the sitting beside it.

exit-1-ada/
    README.md, build.py ...     the candidate's files
    .sitting/sitting.db         the log; all there is to know
    .sitting/papers             of the parts that are still closed
    .sitting/keeper             what the keeper last had to say; locked while it runs
    ada.bundle                  the whole sitting as one file, when it is over
"""

from __future__ import annotations

import json
import shutil
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from grader.model import GraderFault, Refused, UsageError
from grader.sitting import Sitting, State
from grader.sitting.chain import canonical
from grader.sitting.clock import Clock

if TYPE_CHECKING:  # the keeper needs none of its cryptography
    from grader.exam.ticket import Ticket

Paper = Mapping[str, bytes]
"""What the candidate's folder gets when a part opens: path -> content."""
STATE, LOG = ".sitting", "sitting.db"
README = """# {exam}, {learner}

Your exam is in this folder. Work with any editor; what you save here is kept by itself.

    grade exam status         time left, last save, what comes next
    grade exam open {first:<10}start the time of a part and get its paper
    grade exam watch          a countdown in a terminal of its own
    grade exam save           save now; it happens by itself every {autosave} s
    grade exam submit {first:<8}close a part before its time is over
    grade exam next           go on with the next part, or hand in

What was saved last before the end of a part is graded, even if you never submit. Time goes on
while you are away. If the machine dies, start it again, come back here, `grade exam status`.
Leave `.sitting/` alone: it is the record of your exam.
"""


class Place:
    """One candidate's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / STATE
        self.log = self.state / LOG
        self.keeper = self.state / "keeper"

    @classmethod
    def find(cls, here: Path) -> Place:
        """The place around a folder. Raises: UsageError where there is none."""
        for folder in (here, *here.parents):
            if (folder / STATE / LOG).is_file():
                return cls(folder)
        raise UsageError(
            "no exam is sat in this folder; go to the one that `grade exam start TICKET` made."
        )

    @classmethod
    def of(cls, path: Path) -> Place:
        """The place that staff name by its folder or its sitting.db. Raises: UsageError."""
        folder = path.absolute().parent.parent if path.name == LOG else path
        if not (folder / STATE / LOG).is_file():
            raise UsageError(f"{path.name} is no sitting; name a candidate's folder.")
        return cls(folder)

    def sitting(self, clock: Clock | None = None) -> Sitting:
        """The sitting, with what is due done. Raises: GraderFault, Refused."""
        return Sitting(self.log, self.folder, clock)

    def bundle(self, state: State) -> Path:
        return self.folder / f"{state.learner}.bundle"

    def paper(self, part: str) -> Paper:
        """The paper of a part. Raises: GraderFault where it is gone or damaged."""
        try:
            found = json.loads(zlib.decompress((self.state / "papers").read_bytes()))[part]
            return {name: b64decode(content) for name, content in found.items()}
        except (OSError, zlib.error, ValueError, KeyError, TypeError, AttributeError):
            raise GraderFault(
                f"the paper of {part} cannot be read; tell the proctor: the ticket has it still."
            ) from None

    def lay_out(self, paper: Paper) -> list[str]:
        """Put a paper into the folder; the paths of those that were there, and stay as they are.

        Raises: GraderFault where a file cannot be written.
        """
        kept = []
        for name, content in paper.items():
            try:
                if not _put(self.folder / name, content):
                    kept.append(name)
            except OSError as error:
                raise GraderFault(
                    f"{name} of the paper cannot be written ({error.strerror}), and its time runs;"
                    " mend that and open the part again, or tell the proctor."
                ) from None
        return kept


def start(ticket: Ticket, here: Path, clock: Clock | None = None) -> Place:
    """Make the folder of a candidate below `here`, as a whole or not at all.

    Raises: Refused where the folder exists, GraderFault where it cannot be written.
    """
    folder = free(here, ticket.exam.exam, ticket.learner)
    try:
        made = Place(Path(mkdtemp(prefix=".grade-exam-", dir=here)))
    except OSError as error:
        raise GraderFault(
            f"no folder can be made here ({error.strerror}); go where you may write."
        ) from None
    try:
        _fill(made, ticket, clock)
        made.folder.rename(folder)
    except BaseException as error:
        shutil.rmtree(made.folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise GraderFault(
                f"{folder.name} cannot be made: {error.strerror}; free some space or go elsewhere."
            ) from None
        raise
    return Place(folder)


def free(here: Path, exam: str, learner: str) -> Path:
    """Where a candidate's folder will be. Raises: Refused where it is there already."""
    folder = here / f"{exam}-{learner}"
    if folder.exists():
        raise Refused(f"{folder.name} is here already; go into it: `grade exam status`.")
    return folder


def _put(path: Path, content: bytes) -> bool:
    """Make a file with its folders; False where there is one. Raises: OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        file = path.open("xb")
    except FileExistsError:
        return False
    try:
        with file:
            file.write(content)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return True


def _fill(made: Place, ticket: Ticket, clock: Clock | None) -> None:
    exam, learner = ticket.exam, ticket.learner
    first, autosave = exam.parts[0].name, exam.autosave_s
    made.state.mkdir()
    (made.state / "papers").write_bytes(_closed(ticket.papers))
    readme = README.format(exam=exam.exam, learner=learner, first=first, autosave=autosave)
    (made.folder / "README.md").write_text(readme, "utf-8")
    Sitting.create(
        made.log,
        exam,
        learner,
        ticket.key,
        seed=ticket.seed,
        level=ticket.level,
        ticket=ticket.number,
        accommodation=ticket.accommodation,
        clock=clock,
    ).close()


def _closed(papers: Mapping[str, Paper]) -> bytes:
    """Out of sight until its part opens; no secret from whoever looks for it."""
    text = {
        part: {name: b64encode(content).decode() for name, content in paper.items()}
        for part, paper in papers.items()
    }
    return zlib.compress(canonical(text))
