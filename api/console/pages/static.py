"""The console's stylesheet, script and icon."""

from typing import Final

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse

from api.console.rendering import FOLDER

router = APIRouter()

_TYPES: Final = {
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@router.get("/static/{name}")
async def static_file(name: str) -> FileResponse:
    """Send one of the files; the address contains a hash of the content, so browsers keep it."""
    if name not in _TYPES:
        raise HTTPException(404, "there is no such file")
    return FileResponse(
        FOLDER / "static" / name,
        media_type=_TYPES[name],
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )
