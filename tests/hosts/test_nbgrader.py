"""Real nbgrader grades an exercise whose checks play the clients."""

import json
import subprocess

import nbformat
import pytest
from hosts.conftest import HOSTS
from nbformat.v4 import new_code_cell, new_notebook

BEGIN = "import nbsocket\nfrom nbsocket.testing import Client, exercise, expect\n\nio = nbsocket.Server('exercise')"
RIGHT = "@io.on('add')\ndef add(socket, a, b):\n    return a + b"
WRONG = "@io.on('add')\ndef add(socket, a, b):\n    return a * b + 7"
SOLUTION = f"### BEGIN SOLUTION\n{RIGHT}\n### END SOLUTION"
CHECKS = (
    "with exercise('Add'), Client(io, 'alice') as alice:\n    expect(alice.call('add', 1, 2)).to_equal(3)",
    "with Client(io, 'alice') as alice:\n    assert alice.call('add', -1, 1) == 0",
)
SCORES = (
    "import json\nfrom nbgrader.api import Gradebook\n"
    "with Gradebook('sqlite:///gradebook.db') as book:\n"
    "    found = book.assignment_submissions('ps1')\n"
    "    print(json.dumps({one.student.id: [one.score, one.max_score] for one in found}))"
)


def tagged(source, name, **fields):
    of_nbgrader = {
        "grade": False,
        "grade_id": name,
        "locked": False,
        "schema_version": 3,
        "solution": False,
        "task": False,
        **fields,
    }
    return new_code_cell(source, metadata={"nbgrader": of_nbgrader})


def write(file, solution):
    file.parent.mkdir(parents=True)
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(metadata={"kernelspec": kernelspec})
    checks = [
        tagged(check, f"check-{number}", grade=True, locked=True, points=1)
        for number, check in enumerate(CHECKS)
    ]
    notebook.cells = [new_code_cell(BEGIN), tagged(solution, "solution", solution=True), *checks]
    nbformat.write(notebook, file)


@pytest.mark.promise(1)
def test_the_right_solution_scores_two_of_two_and_the_wrong_one_none(tmp_path, host_environment):
    write(tmp_path / "source" / "ps1" / "problem.ipynb", SOLUTION)
    for student, solution in (("right", RIGHT), ("wrong", WRONG)):
        write(tmp_path / "submitted" / student / "ps1" / "problem.ipynb", solution)
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'course'\n"
    )

    def run(*command):
        done = subprocess.run(
            [HOSTS / "bin" / command[0], *command[1:]],
            cwd=tmp_path,
            env={**host_environment, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("nbgrader", "generate_assignment", "ps1")
    run("nbgrader", "autograde", "ps1")
    assert json.loads(run("python", "-c", SCORES)) == {"right": [2.0, 2.0], "wrong": [0.0, 2.0]}
