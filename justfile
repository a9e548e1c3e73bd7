# Everything a developer does here. `just` alone lists it.
export PATH := justfile_directory() / ".venv/bin:" + env("PATH")

_list:
    @just --list --unsorted

# install what the tests need: this environment, a browser, PostgreSQL (as root by apt; else from wheels)
setup:
    @bash tools/setup.sh

# serve what is in the database, for developing (reloads)
run *args:
    DEBUG=true maillage migrate --verbosity 0 && DEBUG=true maillage runserver {{ args }}

# create the database, load a pack, generate its fictional offer, and serve it
demo *args:
    maillage demo {{ args }}

# the whole suite: on SQLite with the browser, then on PostgreSQL
test *args:
    @bash tools/test.sh {{ args }}

# every check, edits nothing, reports all failures
check:
    @bash tools/check.sh

# what can be mended without thinking: format, order of imports, generated docs
fix:
    ruff check --fix --quiet || true
    ruff format --quiet
    python tools/docs.py

# write the generated pages of docs/ again
docs *args:
    python tools/docs.py {{ args }}

# check a territory pack: just pack src/maillage/packs/brussels
pack path:
    maillage pack check {{ path }}

# make migrations for what changed in the models, and apply them
migrate:
    maillage makemigrations && maillage migrate

# one benchmark: just bench search
bench name *args:
    python -m benchmarks.{{ name }} {{ args }}

# the newest versions of all dependencies, pinned in constraints.txt and pyproject.toml
pins:
    python tools/pins.py

# all checks, the whole suite, then the wheel in dist/
release: check test
    uv build --quiet
