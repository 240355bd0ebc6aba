"""From what a driver raises to one sentence for the operator.

Knows SQLite's result codes and PostgreSQL's SQLSTATEs, nothing of our tables. The original error
stays chained; people's text is never in the sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    NoSuchModuleError,
    SQLAlchemyError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bowerbird.storage.store import StoreError

_SQLITE = {
    # https://www.sqlite.org/rescode.html, primary codes
    "SQLITE_FULL": "The disk is full, so nothing was saved; free some space and try again",
    "SQLITE_IOERR": "The disk could not be read or written; check its space and its health",
    "SQLITE_CANTOPEN": "The database file cannot be opened; check the path and its permissions",
    "SQLITE_PERM": "The database file may not be used; check its permissions",
    "SQLITE_READONLY": "The database file is read-only; make it and its folder writable",
    "SQLITE_CORRUPT": "The database file is damaged; stop Bowerbird and restore a backup",
    "SQLITE_NOTADB": "The file is not a database; check DATABASE_URL or restore a backup",
    "SQLITE_BUSY": "The database is locked by another program; close that program and try again",
    "SQLITE_LOCKED": "The database is locked by another program; close that program and try again",
    "SQLITE_TOOBIG": "A text is too long for the database; shorten it",
    "SQLITE_NOMEM": "There is not enough memory for the database; free some and try again",
}

_POSTGRES = {
    # https://www.postgresql.org/docs/current/errcodes-appendix.html, the longest prefix wins
    "53100": "The disk of the database server is full; free some space there and try again",
    "53300": "The database server has no connection left; raise its max_connections",
    "53": "The database server is out of resources; look into its log",
    "28": "The database server refused the login; check user and password in DATABASE_URL",
    "3D000": "The database does not exist on the server; create it or correct DATABASE_URL",
    "42501": "The database user lacks a privilege; grant it the use and creation of tables",
    "25006": "The database is read-only; point DATABASE_URL at the primary server",
    "57P": "The database server is shutting down or starting; try again in a moment",
    "08": "The connection to the database server was lost; check that it runs",
    "40": "The database gave way to another change; try again",
    "55P03": "The database is locked by another program; try again in a moment",
    "XX001": "The database is damaged; look into the server's log and restore a backup",
}

_DISK_FULL_ERRNO = 28


def store_error(error: BaseException, where: str) -> StoreError:
    """One sentence about ``error``; ``where`` is the database without its password."""
    for cause in _chain(error):
        if isinstance(cause, StoreError):
            return cause
        name = getattr(cause, "sqlite_errorname", None)
        if isinstance(name, str):
            for code, sentence in _SQLITE.items():
                if name == code or name.startswith(code + "_"):
                    return StoreError(f"{sentence} ({where}).")
        sqlstate = getattr(cause, "sqlstate", None)
        if isinstance(sqlstate, str):
            for length in range(len(sqlstate), 1, -1):
                if sqlstate[:length] in _POSTGRES:
                    return StoreError(f"{_POSTGRES[sqlstate[:length]]} ({where}).")
    return StoreError(_general(error, where))


def _general(error: BaseException, where: str) -> str:
    chain = list(_chain(error))
    if any(isinstance(cause, ModuleNotFoundError) for cause in chain):
        missing = next(cause for cause in chain if isinstance(cause, ModuleNotFoundError))
        return f"DATABASE_URL needs the Python package {missing.name}; install it ({where})."
    if isinstance(error, (NoSuchModuleError, ArgumentError)):
        return "DATABASE_URL is not understood; use sqlite+aiosqlite:///… or postgresql+asyncpg://…"
    if isinstance(error, OverflowError) or any(isinstance(c, OverflowError) for c in chain):
        return "An id is larger than 64 bits; give a Discord id."
    if isinstance(error, (PoolTimeoutError, TimeoutError)):
        return f"The database did not answer in time; check that it runs ({where})."
    for cause in chain:
        if isinstance(cause, OSError):
            if cause.errno == _DISK_FULL_ERRNO:
                return f"{_SQLITE['SQLITE_FULL']} ({where})."
            reason = cause.strerror or str(cause) or type(cause).__name__
            return f"The database cannot be reached: {reason}; check DATABASE_URL ({where})."
    if isinstance(error, StatementError) and not isinstance(error, DBAPIError):
        return f"A value cannot be stored: {error.orig or error}."
    last = chain[-1]
    return f"The database refused: {type(last).__name__}: {str(last).splitlines()[0]} ({where})."


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what is below it: SQLAlchemy's ``orig`` first, then Python's own cause."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = getattr(following, "orig", None) or following.__cause__


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn what the database, its driver or its file raises into ``StoreError``."""
    try:
        yield
    except (SQLAlchemyError, OSError, OverflowError, ModuleNotFoundError) as error:
        raise store_error(error, where) from error
    except Exception as error:
        # While connecting, drivers raise errors of their own that SQLAlchemy has not wrapped yet.
        if hasattr(error, "sqlstate") or hasattr(error, "sqlite_errorname"):
            raise store_error(error, where) from error
        raise
