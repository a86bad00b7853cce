"""Reads samples with generated models, and writes what they hold.

Input: lines of a model's name, its discriminator or nothing, and JSON, with tabs between; the folder of the package
`models` as argument. Output: a line of JSON for each.
"""

import importlib
import json
import pathlib
import sys
import typing

import pydantic

folder = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(folder))
models = {}
for file in sorted(folder.glob("models/*.py")):
    module = importlib.import_module(f"models.{file.stem}")
    for name, model in vars(module).items():
        if isinstance(model, type) and issubclass(model, pydantic.BaseModel) and model.__module__ == module.__name__:
            models[name] = model
for model in models.values():
    model.model_rebuild()


def adapter(name, discriminator):
    """Returns what reads a model, or a union, for which there are the models of its members alone."""
    if name in models:
        return pydantic.TypeAdapter(models[name])
    members = tuple(model for other, model in models.items() if other.startswith(name))
    union = typing.Union[members]
    if discriminator:
        union = typing.Annotated[union, pydantic.Field(discriminator=discriminator)]
    return pydantic.TypeAdapter(union)


for line in sys.stdin:
    name, discriminator, sample = line.rstrip("\n").split("\t")
    read = adapter(name, discriminator).validate_python(json.loads(sample))
    print(json.dumps(read.model_dump(mode="json", by_alias=True, exclude_unset=True)))
