"""Prints how many bytes a zip of files and folders has, packed as `.ci/package` packs."""

import io
import os
import sys
import zipfile


def files(path):
    if os.path.isfile(path):
        yield path, os.path.basename(path)
        return
    for folder, inside, names in os.walk(path):
        inside[:] = sorted(name for name in inside if name != "__pycache__")
        for name in sorted(names):
            whole = os.path.join(folder, name)
            yield whole, os.path.relpath(whole, os.path.dirname(path))


packed = io.BytesIO()
with zipfile.ZipFile(packed, "w") as archive:
    for path in sys.argv[1:]:
        for whole, name in files(path):
            with open(whole, "rb") as source:
                archive.writestr(zipfile.ZipInfo(name), source.read(), zipfile.ZIP_DEFLATED, 9)
print(packed.tell())
