"""`POST /v1/audio/transcriptions`: returns the text that a voice message of the sandbox contains."""

from datetime import UTC, datetime
from uuid import uuid4

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import UploadFile

from sandbox.fake_openai.call_log import Call
from sandbox.fake_openai.endpoints.request_handling import apply_fault, bearer_key
from sandbox.fake_openai.endpoints.request_parsing import missing
from sandbox.fake_openai.errors import ApiError
from sandbox.fake_openai.faults import breaks_connection
from sandbox.fake_openai.outages import DroppedResponse
from sandbox.fake_openai.state import OpenAIState

_FORMATS = ("flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm")


async def serve_transcription(state: OpenAIState, request: Request) -> Response:
    """Answer one request and log it, also if it fails."""
    call = Call(id=f"req_{uuid4().hex}", at=datetime.now(UTC), api="transcriptions", status=200)
    try:
        response = await _answer(state, request, call)
    except ApiError as error:
        call.status, call.error = error.status, str(error)
        response = JSONResponse(error.body(), error.status, headers=error.headers)
    response.headers["x-request-id"] = call.id
    state.calls.add(call)
    return response


async def _answer(state: OpenAIState, request: Request, call: Call) -> Response:
    key = bearer_key(request)
    async with request.form() as form:
        model, file = form.get("model"), form.get("file")
        if not isinstance(model, str) or not model:
            raise missing("model")
        if not isinstance(file, UploadFile):
            raise missing("file")
        name, audio = file.filename or "", await file.read()
    call.model = model
    words = _transcript(name, audio)
    fault = state.faults.take("transcriptions", words)
    call.fault = fault.kind if fault else None
    await apply_fault(fault, key, request)
    if breaks_connection(fault):
        call.status = 0
        return DroppedResponse()
    call.answer = words
    return JSONResponse({"text": words})


def _transcript(name: str, audio: bytes) -> str:
    if name.rpartition(".")[2] not in _FORMATS:
        raise ApiError(400, f"Unrecognized file format. Supported formats: {list(_FORMATS)}")
    magic, _, words = audio.partition(b"\0")
    if magic != b"OggS":
        raise ApiError(400, "Audio file might be corrupted or unsupported", param="file")
    return words.decode()
