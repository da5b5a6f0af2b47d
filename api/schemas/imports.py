"""Response models of the CSV import."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import examples


class ImportedRow(BaseModel):
    """The result of one row of a file."""

    row: int = Field(description="The row number as in a spreadsheet: the header is row 1.")
    outcome: Literal["taken", "repeated", "refused"]
    lead_id: int | None = Field(None, description="The lead that the row created or repeats.")
    error: str | None = Field(None, description="Why the row was refused: the column and the problem.")


class ImportOut(BaseModel):
    """The result of an import."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.IMPORT_OUT]})

    complete: bool = Field(
        description="False if the import ended before the end of the file; `detail` contains the reason."
    )
    taken: int
    repeated: int
    refused: int
    detail: str | None
    rows: list[ImportedRow]
