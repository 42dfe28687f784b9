"""What surrounds the command: variables, secrets, file systems, permissions."""

from __future__ import annotations

from batch.job import overrides, shapes
from batch.job.model import Permission, Volume
from batch.reading import Reader


def volumes(reader: Reader) -> tuple[Volume, ...]:
    """Return the EFS volumes."""
    found = tuple(_volume(item) for item in reader.sections("volumes", overrides.VOLUME_KEYS))
    for key, values in (
        ("name", [volume.name for volume in found]),
        ("path", [volume.path for volume in found]),
    ):
        for value in sorted({value for value in values if value and values.count(value) > 1}):
            what = f"two volumes have the {key} {value!r}"
            reader.problem("volumes", what, f"give each its own {key}")
    return found


def _volume(reader: Reader) -> Volume:
    volume = Volume(
        name=reader.text("name", pattern=shapes.VOLUME_NAME, example="'reports'"),
        file_system_id=reader.text(
            "file_system_id", pattern=shapes.FILE_SYSTEM, example="'fs-0123456789abcdef0'"
        ),
        path=reader.text("path", pattern=shapes.DIRECTORY, example="'/mnt/reports'"),
        root_directory=reader.text("root_directory", "/", pattern=shapes.DIRECTORY, example="'/'"),
        access_point_id=reader.text(
            "access_point_id", pattern=shapes.ACCESS_POINT, example="'fsap-0123456789abcdef0'"
        ),
        read_only=reader.flag("read_only", default=False),
    )
    for key in ("name", "file_system_id", "path"):
        if not reader.given(key):
            reader.problem(key, "is missing", "a volume needs name, file_system_id and path")
    if volume.path == "/":
        what = "it is the container's own root"
        reader.problem("path", what, "mount it below, for instance '/mnt/reports'")
    if volume.access_point_id and volume.root_directory != "/":
        what = "an access point sets its own root directory"
        reader.problem("root_directory", what, "leave it out")
    return volume


def environment(reader: Reader) -> dict[str, str]:
    """Return the environment variables."""
    variables = reader.mapping("environment")
    for name, value in variables.items():
        key = f"environment.{name}"
        _check_variable(name, key, reader)
        if not isinstance(value, str):
            reader.problem(key, f"{value!r} is not text", "write it in quotes")
    return {name: str(value) for name, value in sorted(variables.items())}


def secrets(reader: Reader) -> dict[str, str]:
    """Return the ARNs of the secrets, by the names that the container sees."""
    arns = reader.mapping("secrets")
    for name, arn in arns.items():
        key = f"secrets.{name}"
        _check_variable(name, key, reader)
        if not isinstance(arn, str) or not (
            shapes.matches(shapes.PARAMETER, arn) or shapes.matches(shapes.SECRET, arn)
        ):
            reader.problem(key, f"{arn!r} is not the ARN of a secret", shapes.ARN_SHAPES)
    return {name: str(arn) for name, arn in sorted(arns.items())}


def _check_variable(name: str, key: str, reader: Reader) -> None:
    if not shapes.matches(shapes.VARIABLE, name):
        what = "is not a name that an environment variable can have"
        reader.problem(key, what, "use letters, digits and underscores")
    if name.startswith(shapes.RESERVED_VARIABLES):
        what = f"names that begin with {shapes.RESERVED_VARIABLES} are the platform's own"
        reader.problem(key, what, "rename it")


def permissions(reader: Reader) -> tuple[Permission, ...]:
    """Return what the task may do on AWS."""
    result = []
    for item in reader.sections("permissions", overrides.PERMISSION_KEYS):
        actions = item.strings("actions", pattern=shapes.ACTION, example="'s3:GetObject'")
        resources = item.strings(
            "resources", pattern=shapes.RESOURCE, example="'arn:aws:s3:::reports/*', or '*'"
        )
        for key in overrides.PERMISSION_KEYS:
            if not item.given(key) or item.raw[key] == []:
                item.problem(key, "is missing", "a permission needs actions and resources")
        result.append(Permission(actions, resources))
    return tuple(result)
