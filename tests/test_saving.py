"""Saving and loading: the same bits back, no torn file, and a clear error for whatever is not a model."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import random
import struct
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from oracle import pairs

from autograd import Value, tanh
from nn import MLP, Layer, Neuron, saving

ROOT = Path(__file__).parent.parent
ENDINGS = ["json", "safetensors"]


def small() -> MLP:
    model = MLP(2, [3, 1], activation=["tanh", "sigmoid"], rng=random.Random(4))
    extremes = [-0.0, 5e-324, -1.7976931348623157e308, 0.1 + 0.2]
    for parameter, number in zip(model.parameters(), extremes, strict=False):
        parameter.data = number
    return model


def bits(model: MLP) -> list[str]:
    return [parameter.data.hex() for parameter in model.parameters()]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_loaded_model_has_the_same_bits_and_the_same_architecture(ending: str, tmp_path: Path) -> None:
    path, model = tmp_path / f"m.{ending}", small()
    model.save(path)
    loaded = MLP.load(path)
    assert bits(loaded) == bits(model)
    assert bits(loaded)[:2] == ["-0x0.0p+0", "0x0.0000000000001p-1022"]
    assert repr(loaded) == repr(model)
    assert [p.name for p in loaded.parameters()] == [p.name for p in model.parameters()]
    for parameter in (*model.parameters(), *loaded.parameters()):
        parameter.data = min(max(parameter.data, -1.0), 1.0)
    assert loaded([0.3, -2.0]).data == model([0.3, -2.0]).data
    assert os.listdir(tmp_path) == [path.name]


def test_a_network_of_steps_is_saved_by_that_name(tmp_path: Path) -> None:
    path = tmp_path / "xor.json"
    xor = MLP(
        2, [2, 1], activation="step", output="step", init=[[[1, 1], [1, 1]], [[1, -2]]], bias=[[-0.5, -1.5], -0.5]
    )
    xor.save(path)
    loaded = MLP.load(path)
    assert [layer.activation for layer in loaded.layers] == ["step", "step"]
    assert [loaded(x).data for x in ([0, 0], [0, 1], [1, 0], [1, 1])] == [0.0, 1.0, 1.0, 0.0]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_shared_bias_is_one_number_in_the_file_and_shared_again_when_it_is_loaded(
    ending: str, tmp_path: Path
) -> None:
    path, model = tmp_path / f"m.{ending}", MLP(2, [3, 1], bias=[0.25, 0.35], shared_bias=True, rng=random.Random(4))
    model.save(path)
    loaded = MLP.load(path)
    assert (repr(loaded), bits(loaded), loaded.state_dict()) == (repr(model), bits(model), model.state_dict())
    assert loaded.state_dict()["0.bias"] == 0.25
    assert len({neuron.b for neuron in loaded.layers[0].neurons}) == 1
    for neuron in loaded.layers[0].neurons:
        neuron.b = Value(neuron.b.data)
    with pytest.raises(ValueError, match="in a way that shared_bias for all layers does not say"):
        loaded.save(path)
    model.layers[1] = Layer(3, 1, number=2)  # its own bias has another name and place
    with pytest.raises(ValueError, match="in a way that shared_bias for all layers does not say"):
        model.save(path)
    tied = MLP(2, [2, 1])
    tied.layers[0].neurons[1].b = tied.layers[0].neurons[0].b
    with pytest.raises(ValueError, match="in a way that shared_bias for all layers does not say"):
        tied.save(path)
    assert bits(MLP.load(path)) == bits(MLP.load(path))  # the old file is as it was


def test_a_file_of_shared_biases_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.json"

    def loaded(sharing: Any, bias: Any) -> MLP:
        found = document()
        found["architecture"]["shared_bias"] = sharing
        found["state"] |= bias
        found["checksum"] = saving._checksum({k: v for k, v in found.items() if k != "state"}, found["state"])
        path.write_text(json.dumps(found))
        return MLP.load(path)

    assert loaded(True, {"0.bias": 0.5, "2.bias": 0.0}).layers[0].neurons[2].b.data == 0.5
    with pytest.raises(ValueError, match="its architecture has 11 parameters, its state 13"):
        loaded(True, {})
    with pytest.raises(ValueError, match=r"0\.bias: a number is needed, not a list of 1"):
        loaded(True, {"0.bias": [0.5], "2.bias": 0.0})
    for other in (False, 1, "yes", None):
        with pytest.raises(ValueError, match="its architecture is not one of inputs, outputs and activation"):
            loaded(other, {"0.bias": 0.5, "2.bias": 0.0})


def test_the_file_is_json_that_anybody_can_read(tmp_path: Path) -> None:
    path, model = tmp_path / "m.json", MLP(2, [3, 1], rng=random.Random(4))
    model.save(str(path))
    document = json.loads(path.read_text())
    assert list(document) == ["format", "version", "architecture", "checksum", "state"]
    assert document["architecture"] == {"inputs": 2, "outputs": [3, 1], "activation": ["relu", "linear"]}
    assert document["state"] == model.state_dict()
    path.write_text(json.dumps(document, sort_keys=True))  # laid out in another way, it says the same
    assert bits(MLP.load(path)) == bits(model)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_cut_off_anywhere_is_a_clear_error(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"m.{ending}"
    small().save(path)
    whole = path.read_bytes()
    assert len(whole) > 400
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=rf"m\.{ending} cannot be loaded: it is not a whole"):
            MLP.load(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_with_a_flipped_bit_is_never_taken_for_a_model(ending: str, tmp_path: Path) -> None:
    path, model = tmp_path / f"m.{ending}", small()
    model.save(path)
    whole = path.read_bytes()
    rng = random.Random(5)
    for _ in range(2000):
        flipped = bytearray(whole)
        flipped[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        path.write_bytes(flipped)
        with contextlib.suppress(ValueError):
            assert bits(MLP.load(path)) == bits(model)  # a space that became another one, the E of 5e-324


def document() -> dict[str, Any]:
    model = MLP(2, [3, 1], rng=random.Random(4))
    architecture = {"inputs": 2, "outputs": [3, 1], "activation": ["relu", "linear"]}
    about = {"format": saving.FORMAT, "version": saving.VERSION, "architecture": architecture}
    return {**about, "state": model.state_dict()}


BIAS = '"0.bias": [\n   0.0'


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda text: text.replace("relu", "tanh"), "its checksum is not that of its contents"),
        (lambda text: text.replace(BIAS, BIAS.replace("0.0", "0.5")), "its checksum is not that of its contents"),
        (lambda text: text.replace(BIAS, BIAS.replace("0.0", "NaN")), "NaN stands in it"),
        (lambda text: text.replace(BIAS, BIAS.replace("0.0", "-Infinity")), "-Infinity stands in it"),
        (lambda text: text.replace('"0.bias"', '"0.weight"'), r"the key '0\.weight' stands in it 2 times"),
        (lambda text: text.replace('"version": 1', '"version": 2'), "its version is 2, and this chalkgrad reads 1"),
        (lambda text: text.replace("chalkgrad MLP", "another"), "does not have a state and the format 'chalkgrad MLP'"),
        (lambda text: "[]", "does not have a state and the format"),
        (lambda text: "{}", "does not have a state and the format"),
        (lambda text: "[" * 100_000, "nested too deeply"),
        (lambda text: "1" * 5_000, "Exceeds the limit"),
        (lambda text: "\ufeff\0", "not a whole JSON file"),
        (lambda text: text + " " * saving.MOST_BYTES, "more than 50,000,000 bytes"),
    ],
)
def test_an_edited_file_says_so(edit: Callable[[str], str], message: str, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    MLP(2, [3, 1], rng=random.Random(4)).save(path)
    whole = path.read_text()
    assert edit(whole) != whole
    path.write_text(edit(whole))
    with pytest.raises(ValueError, match=rf"m\.json cannot be loaded: .*{message}"):
        MLP.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["architecture"].update(inputs=10**9), "has 3,000,000,007 parameters, its state 13"),
        (lambda d: d["architecture"].update(outputs=[10**12, 1]), "parameters, its state 13"),
        (lambda d: d["architecture"].update(inputs=-2), "whole numbers and names"),
        (lambda d: d["architecture"].update(inputs=True), "whole numbers and names"),
        (lambda d: d["architecture"].update(activation=[1, 2]), "whole numbers and names"),
        (lambda d: d["architecture"].update(activation="relu"), "not one of inputs, outputs and activation"),
        (lambda d: d["architecture"].update(rng=1), "not one of inputs, outputs and activation"),
        (
            lambda d: d["architecture"].update(activation=["relu"]),
            "activation is a list of 1, and an MLP of 2 layers needs one of 2",
        ),
        (lambda d: d["architecture"].update(activation=["relu", "swoosh"]), "the activation swoosh, which is not"),
        (lambda d: d["state"].update({"2.bias": [math.inf]}), "what is not a finite number"),
        (lambda d: d["state"].update({"2.bias": ["1"]}), "what is not a finite number"),
        (lambda d: d["state"].update({"2.bias": [True]}), "what is not a finite number"),
        (lambda d: d["state"].update({"2.bias": 1.0}), "a list of 1 is needed"),
        (lambda d: d["state"].update({"3.bias": d["state"].pop("2.bias")}), r"'2\.bias'\] are missing"),
        (lambda d: d.update(state=[]), "does not have a state"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused_before_a_neuron_is_made(
    change: Callable[[dict[str, Any]], object], message: str, tmp_path: Path
) -> None:
    forged = document()
    change(forged)
    state = forged.pop("state")
    said = json.dumps({**forged, "state": state if isinstance(state, dict) else {}}, sort_keys=True)
    forged["checksum"] = f"sha256 {hashlib.sha256(said.encode()).hexdigest()}"  # right, as a forger's is
    path = tmp_path / "m.json"
    path.write_text(json.dumps({**forged, "state": state}).replace("Infinity", "1e999"))
    with pytest.raises(ValueError, match=message):
        MLP.load(path)


def forged(architecture: dict[str, Any], path: Path) -> None:
    """A file whose architecture is this, with a right checksum."""
    document = {"format": saving.FORMAT, "version": saving.VERSION, "architecture": architecture}
    state: dict[str, Any] = {"0.weight": [[0.5]], "0.bias": [0.5]}
    document["checksum"] = saving._checksum(document, state)
    path.write_text(json.dumps({**document, "state": state}))


@pytest.mark.parametrize(
    "name",
    [
        "os.system", "__import__('os').system('touch owned')", "relu()", "lambda z: z", "f\nimport os", "", "x" * 101,
        "tanh, **__import__('os').environ", "<lambda>",
    ],
)  # fmt: skip
def test_an_activation_that_is_no_name_is_refused_and_not_repeated(name: str, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    forged({"inputs": 1, "outputs": [1], "activation": [name]}, path)
    with pytest.raises(ValueError, match="its architecture is not one of whole numbers and names") as caught:
        MLP.load(path)
    assert not name or name not in str(caught.value)


def test_the_cure_for_an_unknown_activation_holds_nothing_that_could_be_run(tmp_path: Path) -> None:
    forged({"inputs": 1, "outputs": [1], "activation": ["exit"]}, tmp_path / "m.json")
    with pytest.raises(ValueError, match=r"MLP\.load\('.*m\.json', activations=\{'exit': your_function\}\)$"):
        MLP.load(tmp_path / "m.json")


def test_what_stands_in_a_file_is_quoted_in_few_letters(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    for text in (
        f'{{"{"k" * 9000}": 1, "{"k" * 9000}": 2}}',
        f'{{"format": "chalkgrad MLP", "version": "{"v" * 9000}", "state": {{}}}}',
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=r"'(k|v)+\.\.\.") as caught:
            MLP.load(path)
        assert len(str(caught.value)) < 300 + len(str(path))


LARGE = '{"format": "chalkgrad MLP", "architecture": {"inputs": 1000000000, "outputs": [1]}, "state": '


FORGED = [
    ("[", "[],", "[]]"),
    ('{"architecture": {"inputs": 2, "outputs": [3, 1], "activation": ["relu", "linear"]}, "state": [', "{},", "{}]}"),
    (LARGE + "[", "[],", "[]]}"),
    (LARGE + "[", "[[]],", "[]]}"),
    (LARGE + "[", "0.5,", "1]}"),
    (LARGE + "{", '"":0,', '"":0}}'),
    (LARGE + "[", '{"":0},', "1]}"),
    ('{"architecture": {"inputs": [1], "outputs": "x"}, "state": [', '"",', "1]}"),
    ('{"architecture": {"inputs": 1000000000, "outputs": "x"}, "state": [', '"",', "1]}"),
    ('{"architecture": {"inputs": NaN, "outputs": [1e999]}, "state": [', "[],", "1]}"),
]  # fmt: skip


# The first two only as they are: in a header they are read by the same function.
@pytest.mark.parametrize(("forged", "ending"), [(FORGED[0], "json"), (FORGED[1], "json"), *pairs(FORGED[2:], ENDINGS)])
def test_a_hostile_file_of_45_mb_is_refused_before_it_costs_much(
    forged: tuple[str, str, str], ending: str, tmp_path: Path
) -> None:
    begin, part, end = forged
    path = tmp_path / f"m.{ending}"
    content = (begin + part * ((45_000_000 - len(begin)) // len(part)) + end).encode()
    if ending == "safetensors":
        header = json.dumps({"__metadata__": {"chalkgrad": content.decode()}}).encode()
        content = struct.pack("<Q", len(header)) + header
    path.write_bytes(content)
    del content
    tracemalloc.start()
    try:
        with pytest.raises(
            ValueError, match=r"it holds up to [\d,]+ values, where its architecture needs|more than 50,000,000"
        ):
            MLP.load(path)
        assert tracemalloc.get_traced_memory()[1] < 200_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("inputs", "outputs"), [(1, [1]), (3, [1] * 50), (1, [400, 1]), (700, [30, 1]), (2, [40, 40, 7])]
)
def test_no_model_that_was_saved_is_taken_for_too_large(inputs: int, outputs: list[int], tmp_path: Path) -> None:
    model = MLP(inputs, outputs, rng=random.Random(1), init="zeros", activation="tanh")
    model.save(tmp_path / "m.json")
    assert len(MLP.load(tmp_path / "m.json").parameters()) == len(model.parameters())


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="there are no links here")
def test_a_planted_link_is_neither_followed_nor_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim, path = tmp_path / "victim", tmp_path / "m.json"
    victim.write_text("precious")
    monkeypatch.setattr(os, "urandom", lambda count: bytes(count))  # so that the name can be foreseen
    for target in (victim, tmp_path / "nowhere", path):
        link = tmp_path / f".{'00' * 8}.part"
        link.symlink_to(target)
        with pytest.raises(OSError, match=r"m\.json"):
            small().save(path)
        assert link.is_symlink()
        assert victim.read_text() == "precious"
        assert not path.exists()
        assert not (tmp_path / "nowhere").exists()
        link.unlink()
    small().save(path)
    assert sorted(os.listdir(tmp_path)) == ["m.json", "victim"]


def test_two_writers_never_share_a_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    replace = os.replace
    monkeypatch.setattr(
        os, "replace", lambda part, target: (names.append(os.path.basename(part)), replace(part, target))
    )
    for _ in range(20):
        small().save(tmp_path / "m.json")
    assert len(set(names)) == 20
    assert all(name.startswith(".") and name.endswith(".part") for name in names)


def test_a_class_with_another_constructor_says_so(tmp_path: Path) -> None:
    class Fixed(MLP):
        def __init__(self) -> None:
            super().__init__(2, [3, 1])

    Fixed().save(tmp_path / "m.json")
    with pytest.raises(TypeError, match=r"Fixed is not made as an MLP is; MLP\.load gives the weights"):
        Fixed.load(tmp_path / "m.json")


def test_the_functions_of_ones_own_are_checked_before_the_class_is_blamed(tmp_path: Path) -> None:
    def swish(z: Value) -> Value:
        return z * z.sigmoid()

    path = tmp_path / "m.json"
    MLP(2, [3, 1], activation=swish).save(path)
    for wrong, message in (
        ({"swish": None}, r"activations\['swish'\] is a name \(relu, .*\) or a function, not None"),
        ({"swish": 3.0}, r"activations\['swish'\] is .*, not 3\.0"),
        ([swish], r"activations is a dict of your functions by their names, not \[<function"),
        (swish, "activations is a dict of your functions by their names, not <function"),
    ):
        with pytest.raises(TypeError, match=f"^{message}"):
            MLP.load(path, activations=wrong)  # type: ignore[arg-type]


def test_what_could_not_be_loaded_again_is_not_saved(tmp_path: Path) -> None:
    def of_long_name(z: Value) -> Value:
        return z

    of_long_name.__name__ = "f" * 101
    swapped, odd, narrow = small(), small(), small()
    swapped.layers[1] = Layer(5, 1)
    odd.layers[0].neurons[1] = Neuron(5)
    narrow.layers[0].neurons.pop()
    for model, message in (
        (swapped, "layer 2 has 3 inputs, and not all its neurons have as many weights"),
        (odd, "layer 1 has 2 inputs, and not all"),
        (narrow, "layer 2 has 2 inputs, and not all"),
        (MLP(2, [1], output=of_long_name), "layer 1 has the activation f+, and in a file it needs a name"),
    ):
        with pytest.raises(ValueError, match=message):
            model.save(tmp_path / "m.json")
    assert not [*tmp_path.iterdir()]


def test_what_cannot_be_saved_leaves_the_old_file(tmp_path: Path) -> None:
    path, model = tmp_path / "m.json", small()
    model.save(path)
    before = path.read_bytes()
    model.parameters()[0].data = math.inf
    with pytest.raises(ValueError, match=r"m\.json was not written: 0\.weight holds a number that is not finite"):
        model.save(path)
    with pytest.raises(ValueError, match=r"layer 1 has the activation <lambda>"):
        MLP(2, [3, 1], activation=lambda z: z * z).save(path)
    with pytest.raises(ValueError, match=r"should end in \.json or \.safetensors"):
        small().save(tmp_path / "m.pkl")
    with pytest.raises(OSError, match=r"no-folder"):
        small().save(tmp_path / "no-folder" / "m.json")
    with pytest.raises(FileNotFoundError, match=r"none\.json"):
        MLP.load(tmp_path / "none.json")
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["m.json"]


def test_functions_of_ones_own_come_back_by_their_names(tmp_path: Path) -> None:
    def swish(z: Value) -> Value:
        return z * z.sigmoid()

    def relu(z: Value) -> Value:
        return z

    path, model = tmp_path / "m.json", MLP(2, [3, 2, 1], activation=[swish, tanh, "linear"], rng=random.Random(4))
    model.save(path)
    with pytest.raises(
        ValueError, match=r"has the activation swish, which is not one of ours: MLP\.load\('.*m\.json', act"
    ):
        MLP.load(path)
    loaded = MLP.load(path, activations={"swish": swish})
    assert loaded([0.3, -2.0]).data == model([0.3, -2.0]).data
    with pytest.raises(
        ValueError, match="layer 1 has the activation relu, and in a file it needs a name that no other"
    ):
        MLP(2, [1], activation=relu, output=relu).save(path)


SAVER = """
import os, random, signal, sys, time
from nn import MLP

path, kills = sys.argv[1], int(sys.argv[2])
rng = random.Random(6)
models = [MLP(2, [8, 1], rng=random.Random(seed)) for seed in range(2)]
states = [model.state_dict() for model in models]
models[0].save(path)
seen = set()
for _ in range(kills):
    child = os.fork()
    if child == 0:
        while True:
            for model in models:
                model.save(path)
    time.sleep(rng.uniform(0, 0.02))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    seen.add(states.index(MLP.load(path).state_dict()))
print(kills, "kills,", len(seen), "models seen")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no os.fork here")
def test_two_hundred_saves_killed_at_random_moments_leave_no_torn_file(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SAVER, str(tmp_path / "m.json"), "200"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("200 kills, 2 models seen\n", "")


def test_weights_go_to_other_libraries_and_come_from_them_as_safetensors(tmp_path: Path) -> None:
    numpy_files = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    path, model = tmp_path / "m.safetensors", MLP(2, [3, 1], rng=random.Random(4))
    model.save(path)
    arrays = numpy_files.load_file(path)
    assert {key: array.tolist() for key, array in arrays.items()} == model.state_dict()
    numpy_files.save_file({key: 2 * array for key, array in arrays.items()}, tmp_path / "theirs.safetensors")
    with pytest.raises(ValueError, match=r"build the MLP, then model\.load_state_dict\(safetensors\.numpy\.load_file"):
        MLP.load(tmp_path / "theirs.safetensors")
    model.load_state_dict(numpy_files.load_file(tmp_path / "theirs.safetensors"))
    assert model.parameters()[0].data == 2 * arrays["0.weight"][0][0]


def test_the_saved_weights_load_into_torch(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    torch_files = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")
    model = MLP(2, [4, 3, 1], activation="tanh", rng=random.Random(9))
    model.save(tmp_path / "m.safetensors")
    linear = torch.nn.Linear
    twin = torch.nn.Sequential(linear(2, 4), torch.nn.Tanh(), linear(4, 3), torch.nn.Tanh(), linear(3, 1)).double()
    twin.load_state_dict(torch_files.load_file(tmp_path / "m.safetensors"))
    for x in ([0.1, -0.7], [2.0, 3.0]):
        assert model(x).data == pytest.approx(twin(torch.tensor(x, dtype=torch.float64)).item(), rel=1e-12)


@pytest.mark.parametrize(("dtype", "shape", "size"), [("F64", [300_000_000, 0], 0), ("BF16", [2], 4), ("C64", [2], 16)])
def test_tensors_of_other_kinds_are_refused_unread(dtype: str, shape: list[int], size: int, tmp_path: Path) -> None:
    tensor = {"dtype": dtype, "shape": shape, "data_offsets": [0, size]}
    header = json.dumps({"__metadata__": {"chalkgrad": "{}"}, "a": tensor}).encode()
    header += b" " * (-len(header) % 8)
    path = tmp_path / "m.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(size))
    with pytest.raises(ValueError, match=r"m\.safetensors cannot be loaded: "):
        MLP.load(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
@pytest.mark.parametrize("ending", ENDINGS)
def test_only_files_are_read_and_replaced(ending: str, tmp_path: Path) -> None:
    pipe = tmp_path / f"pipe.{ending}"
    os.mkfifo(pipe)
    with pytest.raises(ValueError, match="it is not a file"):
        MLP.load(pipe)
    with pytest.raises(OSError, match="is not a file that could be replaced"):
        small().save(pipe)
    kept = tmp_path / f"{'x' * 230}.{ending}"
    small().save(kept)
    kept.chmod(0o600)
    small().save(kept)
    assert kept.stat().st_mode & 0o777 == 0o600


def test_without_the_package_safetensors_the_error_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    with pytest.raises(ImportError, match=r"pip install -e .*\[safetensors\]"):
        small().save(tmp_path / "m.safetensors")
