"""Real repositories, listed and loaded; ``make wild WILD=folder``.

The folder holds bare clones, ``<owner>/<name>.git`` each. Every repository that this program knows is listed, without
running anything, and judged by the facts below, which were read from its ``hubconf.py`` by eye. Then the entries that
need no download are loaded in random order, five times, in this one process, and once more under plain torch.hub in
one process of its own. A repository's tools may be missing here: its rows say so, and count as nothing.

The program ends with 1 if a repository is listed or loaded worse than the tables say.
"""

import argparse
import contextlib
import importlib.metadata
import importlib.util
import io
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROUNDS = 5
HUB = "https://github.com/"
PAGE = """\
# Real repositories

<!-- Made by bench/wild.py; to make it again, see below. Do not edit by hand. -->

Of {date}; {versions}.

{summary}

To make this page again, clone the repositories below into a folder, and give it:

```text
git clone --bare --depth 1 https://github.com/OWNER/NAME $WILD/OWNER/NAME.git
.venv/bin/python bench/wild.py $WILD --seed {seed} --date {date} --markdown docs/wild.md
```

A newer commit may be listed otherwise; the facts to judge by are in `bench/wild.py`. Where a clone lacked its largest
files (pictures, films, weights), a commit without them stands for it, marked by a star. A stand-in is a package of
empty classes under the name of one that is not published for this torch: the repository imports it in passing, and
what it builds is its own.

## Listed

*dynamic* are the places that make names at run time: reading tells their line, not their names. *problems* are faults
of the repository, such as an `__all__` with names that are not there.

{listed}

## Loaded

{rounds} rounds, each in another order, everything in one process. *gives* is the class of what the entry returned; its
parameters were counted, and a model that takes an image or a sound was run. Columns *rehub* and *torch.hub* say in how
many rounds that was right.

{loaded}

## Misses

{misses}

## What torch.hub does with the same list

Plain `torch.hub.load(folder, entry, source="local")`. What fails there, and not here, with the most frequent error:

{peer}
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is right about one repository's listing.

    Attributes:
        entries: how many.
        has: some of their names, the telling ones.
        apart: names that torch.hub lists too, but nobody meant to publish.
        dynamic: places that make names at run time, which reading can tell, but not follow.
        problems: how many.
        miss: what is known to be not as it should be, and why; the facts above are then what rehub does today.
        refused: part of the error, where rehub refuses the whole repository.
    """

    entries: int = 0
    has: str = ""
    apart: str = ""
    dynamic: tuple[str, ...] = ()
    problems: int = 0
    miss: str = ""
    refused: str = ""


LISTED: dict[str, Facts] = {
    "AdeelH/pytorch-fpn": Facts(21, "FPN PANetFPN make_fpn_resnet Sum", "partial Optional Tuple"),
    "AdeelH/pytorch-multi-class-focal-loss": Facts(2, "FocalLoss focal_loss"),
    "B-cos/B-cos-v2": Facts(34, "resnet18 densenet121_long vitc_l_patch1_14"),
    "BenediktAlkin/torchhub-ssl": Facts(48, "in1k_mae_b16 lvd142m_dinov2_vitg14", "partial load_from_url PrenormVit"),
    "Megvii-BaseDetection/YOLOX": Facts(8, "yolox_s yolov3 yolox_custom"),
    "NVIDIA/DeepLearningExamples": Facts(21, "nvidia_resnet50 nvidia_resneXt nvidia_ssd nvidia_tft_data_utils"),
    "NVlabs/RADIO": Facts(1, "radio_model", "get_prefix_state_dict RADIOModel load_state_dict_from_url Dict"),
    "PeterL1n/RobustVideoMatting": Facts(3, "converter mobilenetv3 resnet50", "MattingNetwork"),
    "PingoLH/Pytorch-HarDNet": Facts(4, "hardnet39ds hardnet85"),
    "WongKinYiu/yolov7": Facts(
        3,
        "custom yolov7 create",
        "Model Path attempt_download check_requirements",
        miss="create is a helper, but it has documentation, as entries have",
    ),
    "XingangPan/IBN-Net": Facts(10, "resnet18_ibn_a se_resnet101_ibn_a"),
    "baudm/parseq": Facts(7, "parseq crnn", "create_model"),
    "bryandlee/animegan2-pytorch": Facts(2, "generator face2paint"),
    "bshall/hubert": Facts(4, "hubert kmeans100", "KMeans Hubert consume_prefix_in_state_dict_if_present"),
    "bshall/knn-vc": Facts(3, "knn_vc hifigan_wavlm wavlm_large", "HiFiGAN WavLM Path Tensor AttrDict"),
    "chenyaofo/pytorch-cifar-models": Facts(48, "cifar10_resnet20 cifar100_vit_h14"),
    "datvuthanh/HybridNets": Facts(1, "hybridnets", "Params HybridNetsBackbone Path"),
    "descriptinc/melgan-neurips": Facts(1, "load_melgan", "MelVocoder"),
    "facebookresearch/barlowtwins": Facts(1, "resnet50"),
    "facebookresearch/co-tracker": Facts(6, "cotracker2 cotracker3_online"),
    "facebookresearch/deit": Facts(22, "cait_M36 deit_base_patch16_224 resmlp_36"),
    "facebookresearch/denoiser": Facts(3, "dns48 dns64 master64"),
    "facebookresearch/detr": Facts(7, "detr_resnet50 detr_resnet101_panoptic", "DETR DETRsegm Backbone Joiner"),
    "facebookresearch/dino": Facts(9, "dino_vits16 dino_xcit_small_12_p16", "resnet50"),
    "facebookresearch/dinov2": Facts(25, "dinov2_vits14 dinov2_vitl14_reg4_dinotxt_tet1280d20h24l dinov2_vitg14_dd"),
    "facebookresearch/esm": Facts(34, "esm2_t6_8M_UR50D esmfold_v1 esm_if1_gvp4_t16_142M_UR50"),
    "facebookresearch/fairseq": Facts(117, "bpe tokenizer transformer.wmt14.en-fr roberta.large xmod.base", "sandbox"),
    "facebookresearch/hiera": Facts(16, "hiera_tiny_224 mae_hiera_huge_224"),
    "facebookresearch/pytorch_GAN_zoo": Facts(3, "PGAN DCGAN StyleGAN"),
    "facebookresearch/pytorchvideo": Facts(19, "slow_r50 x3d_xs mvit_base_32x3"),
    # timm's register_model makes an __all__ of what it decorates, so the star brings these and nothing else.
    "facebookresearch/xcit": Facts(14, "xcit_nano_12_p16 xcit_large_24_p8"),
    "gmberton/MegaLoc": Facts(1, "get_trained_model", "MegaLoc"),
    "harritaylor/torchvggish": Facts(1, "vggish", "VGGish"),
    "huawei-noah/Efficient-AI-Backbones": Facts(4, "ghostnet_1x snnmlp_t", "ghostnet SNNMLP"),
    "huggingface/pytorch-image-models": Facts(1511, "resnet18 vit_base_patch16_224 tf_efficientnet_b0_ap"),
    "hustvl/YOLOP": Facts(1, "yolop", "get_net select_device Path"),
    "isl-org/MiDaS": Facts(14, "DPT_Large MiDaS_small transforms", "DPTDepthModel MidasNet MidasNet_small"),
    "lukemelas/EfficientNet-PyTorch": Facts(9, "efficientnet_b0 efficientnet_b8"),
    "mateuszbuda/brain-segmentation-pytorch": Facts(1, "unet", "UNet"),
    "milesial/Pytorch-UNet": Facts(1, "unet_carvana"),
    "mit-han-lab/once-for-all": Facts(13, "ofa_supernet_resnet50 ofa_specialized_get", "ofa_net partial"),
    "moabitcoin/ig65m-pytorch": Facts(4, "r2plus1d_34_8_ig65m r2plus1d_34_32_kinetics"),
    "nicolalandro/ntsnet-cub200": Facts(1, "ntsnet", "attention_net"),
    "openai/CLIP": Facts(10, "tokenize RN50x64 ViT_L_14_336px"),
    "pytorch/fairseq": Facts(66, "bpe tokenizer transformer.wmt14.en-fr roberta.large xlmr.base", "sandbox"),
    "rwightman/gen-efficientnet-pytorch": Facts(68, "mixnet_s tf_efficientnet_l2_ns_475 fbnetc_100"),
    "s3prl/s3prl": Facts(194, "apc wav2vec2_large_ll60k timit_posteriorgram", "FileLock Path"),
    "sigsep/open-unmix-pytorch": Facts(8, "umx umxse_spec umxl"),
    "snakers4/silero-models": Facts(4, "silero_stt silero_denoise"),
    "snakers4/silero-vad": Facts(1, "silero_vad", "versiontuple OnnxWrapper VADIterator read_audio"),
    "szq0214/MEAL-V2": Facts(1, "meal_v2", problems=1),
    "tarepan/SpeechMOS": Facts(1, "utmos22_strong", "UTMOS22Strong"),
    "ultralytics/yolov5": Facts(11, "custom yolov5n yolov5x6", "torch_load"),
    "zhanghang1989/ResNeSt": Facts(11, "resnest50 resnest50_fast_1s4x24d"),
}


@dataclass(frozen=True, slots=True)
class Load:
    """One entry that needs no download, and what it gives.

    Attributes:
        made: the class of what it returns.
        kwargs: what it is called with.
        parameters: how many the module has, all together; ``None``: it is no module.
        shape: of a batch that the module takes; ``None``: it is not run.
        needs: packages that must be importable, beside torch.
        fails: the error, where the repository's own code fails wherever it runs, or rehub is known to.
    """

    repo: str
    entry: str
    made: str = ""
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    parameters: int | None = None
    shape: tuple[int, ...] | None = None
    needs: tuple[str, ...] = ()
    fails: str = ""
    why: str = ""

    @property
    def missing(self) -> list[str]:
        """The packages that are not here."""
        return [name for name in self.needs if importlib.util.find_spec(name) is None]


IMAGE = (1, 3, 64, 64)
UNTRAINED: dict[str, Any] = {"pretrained": False}
TIMM = ("timm", "torchvision")
LOADED: tuple[Load, ...] = (
    Load("AdeelH/pytorch-multi-class-focal-loss", "FocalLoss", "FocalLoss", parameters=0),
    Load("AdeelH/pytorch-multi-class-focal-loss", "focal_loss", "FocalLoss", parameters=0),
    Load("XingangPan/IBN-Net", "resnet18_ibn_a", "ResNet_IBN", parameters=11_689_512, shape=(1, 3, 224, 224)),
    Load("PingoLH/Pytorch-HarDNet", "hardnet39ds", "HarDNet", parameters=3_488_228, shape=IMAGE),
    Load("facebookresearch/denoiser", "dns48", "Demucs", UNTRAINED, 18_867_937, (1, 1, 4000)),
    Load("facebookresearch/co-tracker", "cotracker3_offline", "CoTrackerPredictor", UNTRAINED, 25_385_700),
    Load("mateuszbuda/brain-segmentation-pytorch", "unet", "UNet", parameters=7_763_041, shape=IMAGE),
    Load("milesial/Pytorch-UNet", "unet_carvana", "UNet", parameters=31_037_698, shape=IMAGE),
    Load("facebookresearch/dinov2", "dinov2_vits14", "DinoVisionTransformer", UNTRAINED, 22_056_576, (1, 3, 56, 56)),
    Load("facebookresearch/pytorch_GAN_zoo", "DCGAN", "DCGAN", {"useGPU": False}),
    Load("rwightman/gen-efficientnet-pytorch", "mixnet_s", "GenEfficientNet", parameters=4_134_606, shape=IMAGE),
    Load("chenyaofo/pytorch-cifar-models", "cifar10_resnet20", "CifarResNet", {}, 272_474, (1, 3, 32, 32)),
    Load("bryandlee/animegan2-pytorch", "generator", "Generator", UNTRAINED, 2_143_552, IMAGE),
    Load("NVIDIA/DeepLearningExamples", "nvidia_resnet50", "ResNet", UNTRAINED, 25_557_032, IMAGE),
    Load("zhanghang1989/ResNeSt", "resnest50_fast_1s1x64d", "ResNet", {}, 26_217_896, IMAGE, ("fvcore", "iopath")),
    Load("AdeelH/pytorch-fpn", "FPN", "FPN", {"in_feats_shapes": [(1, 8, 16, 16)]}, needs=("torchvision",)),
    Load("sigsep/open-unmix-pytorch", "umx_spec", "dict", UNTRAINED, needs=("torchaudio",)),
    Load("facebookresearch/pytorchvideo", "slow_r50", "Net", {}, 32_454_096, needs=("torchvision", "fvcore", "iopath")),
    Load("hustvl/YOLOP", "yolop", "MCnet", UNTRAINED, 7_940_846, needs=("torchvision", "cv2", "prefetch_generator")),
    Load("facebookresearch/deit", "deit_tiny_patch16_224", "VisionTransformer", {}, 5_717_416, (1, 3, 224, 224), TIMM),
    Load("facebookresearch/deit", "resmlp_12", "resmlp_models", {}, 15_350_872, (1, 3, 224, 224), TIMM),
    Load("facebookresearch/xcit", "xcit_nano_12_p16", "XCiT", {}, 3_053_224, IMAGE, TIMM),
    Load(
        "szq0214/MEAL-V2",
        "meal_v2",
        "MobileNetV3",
        {"model_name": "mealv2_mobilenetv3_small_075", "pretrained": False},
        2_041_872,
        IMAGE,
        TIMM,
    ),
    Load("huggingface/pytorch-image-models", "resnet18", "ResNet", {}, 11_689_512, IMAGE, ("torchvision",)),
    Load("openai/CLIP", "tokenize", "function", needs=("torchvision", "ftfy", "regex", "tqdm")),
    Load("bshall/knn-vc", "hifigan_wavlm", "tuple", {"pretrained": False, "device": "cpu"}, needs=("torchaudio",)),
    Load("bshall/hubert", "hubert", "Hubert", needs=("torchaudio", "sklearn")),
    Load("snakers4/silero-vad", "silero_vad", "tuple", needs=("torchaudio",)),
    Load("tarepan/SpeechMOS", "utmos22_strong", "UTMOS22Strong", UNTRAINED, 102_772_865, needs=("torchaudio",)),
    Load("facebookresearch/dino", "dino_vits16", "VisionTransformer", UNTRAINED, 21_665_664, IMAGE, ("torchvision",)),
    Load("B-cos/B-cos-v2", "resnet18", "BcosResNet", UNTRAINED, 11_693_120, needs=("torchvision",)),
    Load("isl-org/MiDaS", "DPT_Hybrid", "DPTDepthModel", UNTRAINED, 123_146_985, needs=("timm", "torchvision", "cv2")),
    Load("isl-org/MiDaS", "transforms", "module", needs=("timm", "torchvision", "cv2")),
    Load("facebookresearch/pytorchvideo", "x3d_xs", "Net", {}, 3_794_274, needs=("torchvision", "fvcore", "iopath")),
    Load("facebookresearch/dinov2", "dinov2_vitb14_reg", "DinoVisionTransformer", UNTRAINED, 86_583_552),
    Load(
        "lukemelas/EfficientNet-PyTorch",
        "efficientnet_b0",
        kwargs={"pretrained": None},
        fails="ValueError: Got unexpected field names",
        why="the repository: its hubconf passes override_params, which its own from_name no longer takes",
    ),
    Load(
        "facebookresearch/pytorch_GAN_zoo",
        "PGAN",
        kwargs={"useGPU": False},
        fails="ValueError: betas must be either both floats",
        why="the repository: betas=[0, 0.99], which this torch refuses",
    ),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One repository, listed.

    Attributes:
        commit: 12 digits, with a star if it is another one, which lacks files of the original.
        wrong: where it is worse than the facts say.
    """

    name: str
    commit: str = ""
    entries: int = 0
    leaks: int = 0
    dynamic: tuple[str, ...] = ()
    dependencies: tuple[str, ...] | None = None
    problems: int = 0
    seconds: float = 0.0
    wrong: tuple[str, ...] = ()
    refused: str = ""


@dataclass(slots=True)
class Outcome:
    """What became of one entry, in all rounds.

    Attributes:
        right: rounds in which it gave what the table says.
        errors: the others'.
        seconds: of each call.
    """

    load: Load
    right: int = 0
    errors: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def is_expected(self) -> bool:
        """Say whether all rounds went as the table says."""
        if self.load.fails:
            return not self.right and all(self.load.fails in each for each in self.errors)
        return not self.errors


def listed(folder: Path, hub: Any) -> list[Row]:
    """List every repository of the folder that the table knows."""
    return [_listed(name, hub, facts, folder) for name, facts in LISTED.items() if (folder / f"{name}.git").exists()]


def _listed(name: str, hub: Any, facts: Facts, folder: Path) -> Row:
    from rehub import RehubError
    from rehub.verbs.describe import describe
    from rehub.world.folder import Tree

    try:
        checkout = hub.fetch(name)
        began = time.perf_counter()
        found = describe(Tree(checkout.root))
    except RehubError as error:
        text = " ".join(str(error).split())
        known = bool(facts.refused) and facts.refused in text
        return Row(name, refused=text[:300], wrong=() if known else ("it cannot be fetched",))
    took = time.perf_counter() - began
    return Row(
        name,
        checkout.pin.commit[:12] + ("*" if stands_for_another(folder / f"{name}.git") else ""),
        len(found.entries),
        len(found.leaks),
        tuple(f"{each.file}:{each.line}" for each in found.dynamic),
        None if found.dependencies is None else tuple(each.name for each in found.dependencies),
        len(found.problems),
        took,
        tuple(judged(found, facts)),
    )


def stands_for_another(clone: Path) -> bool:
    """Say whether a clone's commit says of itself that it was made from another one, with files left out."""
    command = ["git", "-C", str(clone), "log", "-1", "--format=%B"]
    return "\nLeft-Out: " in subprocess.run(command, capture_output=True, text=True, check=False, timeout=30).stdout


def judged(found: Any, facts: Facts) -> Iterator[str]:
    """Say where a listing differs from the facts."""
    names, leaks = set(found.names), {each.name for each in found.leaks}
    if facts.refused:
        yield "it is no longer refused: the table is old"
    if len(names) != facts.entries:
        yield f"{len(names)} entries, {facts.entries} expected"
    yield from (f"{name} is no entry" for name in facts.has.split() if name not in names)
    yield from (f"{name} is not told apart" for name in facts.apart.split() if name not in leaks)
    if (places := tuple(f"{each.file}:{each.line}" for each in found.dynamic)) != facts.dynamic:
        yield f"dynamic: {places}, {facts.dynamic} expected"
    if len(found.problems) != facts.problems:
        yield f"{len(found.problems)} problems, {facts.problems} expected"


def loaded(loads: Sequence[Load], seed: int, call: Callable[[Load], Any]) -> list[Outcome]:
    """Load every entry once a round, each round in another order."""
    import torch

    torch.set_num_threads(2)
    outcomes = {id(load): Outcome(load) for load in loads}
    order = random.Random(seed)
    for _ in range(ROUNDS):
        for load in order.sample(loads, len(loads)):
            one_load(load, outcomes[id(load)], call)
    return list(outcomes.values())


def one_load(load: Load, outcome: Outcome, call: Callable[[Load], Any]) -> None:
    """Load, check what came, and note it; the repository's prints are swallowed."""
    began = time.perf_counter()
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            made = call(load)
            outcome.seconds.append(time.perf_counter() - began)
            check(load, made)
    except Exception as error:  # noqa: BLE001 - whatever foreign code raises is the finding
        outcome.errors.append(f"{type(error).__name__}: {' '.join(str(error).split())}"[:200])
    else:
        outcome.right += 1


def check(load: Load, made: Any) -> None:
    """Prove that the right thing came: by its class, its size, and by running it."""
    import torch

    if type(made).__name__ != load.made:
        msg = f"a {type(made).__name__}, not a {load.made}"
        raise AssertionError(msg)
    if load.parameters is not None:
        count = sum(each.numel() for each in made.parameters())
        if count != load.parameters:
            msg = f"{count} parameters, not {load.parameters}"
            raise AssertionError(msg)
    if load.shape is not None:
        with torch.inference_mode():
            made.eval()(torch.zeros(load.shape))


def strays(folders: Sequence[Path]) -> list[str]:
    """Give modules that were imported from a checkout under a name that is not below ``rehub.repos``."""
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if not name.startswith("rehub.repos.") and any(Path(file).is_relative_to(folder) for folder in folders if file):
            found.append(name)
    return found


def export(rows: Sequence[Row], hub: Any, folder: Path) -> None:
    """Write plain work trees, as torch.hub has them in its cache."""
    for name in {load.repo for load in LOADED} & {row.name for row in rows if not row.refused}:
        shutil.copytree(hub.fetch(name).root, folder / name.replace("/", "_"))
    for path in folder.rglob("*"):
        path.chmod(path.stat().st_mode | 0o200)


def peer(folder: Path, seed: int) -> None:
    """Do the same under torch.hub, in this process, and print the outcomes as JSON."""
    import torch

    def call(load: Load) -> Any:
        place = str(folder / load.repo.replace("/", "_"))
        return torch.hub.load(place, load.entry, source="local", **load.kwargs)

    outcomes = loaded(usable(), seed, call)
    print(json.dumps([[each.load.repo, each.load.entry, each.right, each.errors] for each in outcomes]))


def usable(names: Sequence[str] | None = None) -> list[Load]:
    """Give the loads whose packages are here, of the repositories that are there."""
    return [each for each in LOADED if not each.missing and (names is None or each.repo in names)]


def compared(rows: Sequence[Row], hub: Any, seed: int, environ: Mapping[str, str]) -> dict[tuple[str, str], Outcome]:
    """Ask torch.hub for the same, in a process of its own."""
    by_name = {(each.repo, each.entry): each for each in LOADED}
    with tempfile.TemporaryDirectory() as name:
        export(rows, hub, Path(name))
        command = [sys.executable, __file__, "--peer", name, "--seed", str(seed)]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True, timeout=900)
    found = json.loads(done.stdout.splitlines()[-1])
    return {(repo, entry): Outcome(by_name[repo, entry], right, errors) for repo, entry, right, errors in found}


def is_stand_in(name: str) -> bool:
    """Say whether an importable package belongs to no distribution: somebody has put a stand-in there."""
    return importlib.util.find_spec(name) is not None and name not in importlib.metadata.packages_distributions()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a run found."""

    rows: list[Row]
    outcomes: list[Outcome]
    theirs: dict[tuple[str, str], Outcome]
    strays: list[str]
    is_path_same: bool
    seed: int

    @property
    def wrong(self) -> list[str]:
        """What is worse than the tables say."""
        listings = [f"{row.name}: {'; '.join(row.wrong)}" for row in self.rows if row.wrong]
        loads = [
            f"{each.load.repo} {each.load.entry}: {each.right} of {ROUNDS} rounds right; {Counter(each.errors)}"
            for each in self.outcomes
            if not each.is_expected
        ]
        stray = [f"sys.modules holds {', '.join(self.strays)}"] if self.strays else []
        return [*listings, *loads, *stray, *([] if self.is_path_same else ["sys.path is not as it was"])]


def listing_lines(rows: Sequence[Row]) -> Iterator[list[str]]:
    """Give the table of listings, its head first."""
    yield ["repository", "commit", "entries", "leaks", "dynamic", "dependencies", "problems", "ms"]
    for row in rows:
        needed = "none said" if row.dependencies is None else " ".join(row.dependencies)
        if row.refused:
            yield [row.name, "refused", *["-"] * 6]
            continue
        numbers = [str(row.entries), str(row.leaks), " ".join(row.dynamic) or "-", needed or "-", str(row.problems)]
        yield [row.name, row.commit, *numbers, f"{row.seconds * 1000:.0f}"]


def load_lines(report: Report) -> Iterator[list[str]]:
    """Give the table of loads, its head first."""
    yield ["repository", "entry", "gives", "needs beside torch", "rehub", "torch.hub", "ms, first"]
    here = {(each.load.repo, each.load.entry): each for each in report.outcomes}
    for load in LOADED:
        ours, theirs = here.get((load.repo, load.entry)), report.theirs.get((load.repo, load.entry))
        needs = ", ".join(f"{name} (stand-in)" if is_stand_in(name) else name for name in load.needs) or "-"
        if ours is None:
            reason = f"not installed: {', '.join(load.missing)}" if load.missing else "not in the folder"
            yield [load.repo, load.entry, load.made or "-", needs, reason, "-", "-"]
            continue
        took = f"{ours.seconds[0] * 1000:.0f}" if ours.seconds else "-"
        peers = f"{theirs.right} of {ROUNDS}" if theirs else "-"
        yield [load.repo, load.entry, load.made or "fails", needs, f"{ours.right} of {ROUNDS}", peers, took]


def miss_lines(report: Report) -> Iterator[str]:
    """Give every miss with its reason, the unexpected ones first."""
    yield from (f"**new** {each}" for each in report.wrong)
    there = {row.name for row in report.rows}
    yield from (f"{name}: {facts.miss}" for name, facts in LISTED.items() if facts.miss and name in there)
    yield from (f"{name}: no clone of it was in the folder" for name in LISTED if name not in there)
    yield from (f"{load.repo} `{load.entry}`: {load.fails} ({load.why})" for load in LOADED if load.fails)
    yield from (
        f"{load.repo} `{load.entry}`: not tried, not installed: {', '.join(load.missing)}"
        for load in LOADED
        if load.missing
    )


def peer_lines(report: Report) -> Iterator[str]:
    """Tell what failed under torch.hub and did not under rehub."""
    for outcome in report.outcomes:
        theirs = report.theirs.get((outcome.load.repo, outcome.load.entry))
        if theirs and theirs.right < outcome.right:
            error = Counter(theirs.errors).most_common(1)[0][0]
            yield f"{outcome.load.repo} `{outcome.load.entry}`: {ROUNDS - theirs.right} of {ROUNDS}; {error}"


def summary(report: Report) -> list[str]:
    """Say the result in a few sentences."""
    good = [each for each in report.outcomes if each.right == ROUNDS]
    plain = {each.load.repo for each in good if not each.load.needs}
    stood_in = {each.load.repo for each in good if any(map(is_stand_in, each.load.needs))} - plain
    right = [row for row in report.rows if not (row.wrong or row.refused or LISTED[row.name].miss)]
    took = sorted(((row.seconds, row.name) for row in report.rows if not row.refused), reverse=True) or [(0.0, "-")]
    tried = [each for each in report.outcomes if not each.load.fails]
    theirs = [report.theirs[each.load.repo, each.load.entry] for each in tried if report.theirs]
    everywhere = sum(each.right == ROUNDS for each in theirs)
    slowest = f"{took[0][0] * 1000:.0f} ms at most ({took[0][1]})"
    around = ", ".join(report.strays) or "no module of a repository"
    return [
        f"{len(right)} of {len(report.rows)} repositories are listed right, the others with a miss named below.",
        f"Describing one takes {took[len(took) // 2][0] * 1000:.0f} ms in the middle, {slowest}.",
        f"{len(good)} entries of {len({each.load.repo for each in good})} repositories load in all {ROUNDS} rounds.",
        f"Of these, {len(plain)} repositories need torch alone, {len(stood_in)} a stand-in for some package.",
        (
            f"Of {len(tried)} entries, rehub loads {sum(each.right == ROUNDS for each in tried)} in all rounds, "
            f"torch.hub {everywhere}: each in one process, in the same random order (seed {report.seed})."
        ),
        (
            f"Afterwards sys.modules holds {around} outside rehub.repos, and sys.path is "
            f"{'as before' if report.is_path_same else 'CHANGED'}."
        ),
    ]


def markdown(report: Report, date: str) -> str:
    """Write docs/wild.md."""
    import torch

    import rehub

    versions = f"Python {platform.python_version()}, torch {torch.__version__}, rehub {rehub.__version__}"
    return PAGE.format(
        date=date,
        versions=versions,
        seed=report.seed,
        rounds=ROUNDS,
        summary="\n".join(f"- {each}" for each in summary(report)),
        listed="\n".join(_table(listing_lines(report.rows))),
        loaded="\n".join(_table(load_lines(report))),
        misses="\n".join(f"- {each}" for each in miss_lines(report)),
        peer="\n".join(f"- {each}" for each in peer_lines(report)) or "Nothing.",
    )


def _table(lines: Iterator[list[str]]) -> Iterator[str]:
    head = next(lines)
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    yield from (f"| {' | '.join(each)} |" for each in lines)


def print_table(lines: Iterator[list[str]]) -> None:
    """Print a table in columns."""
    rows = list(lines)
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        print("  ".join(each.ljust(width) for each, width in zip(row, widths, strict=True)).rstrip())
    print()


def environment(home: str) -> dict[str, str]:
    """Give what foreign code may see: no home of the user's, no package index, no model server."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {
        **kept,
        "HOME": home,
        "TORCH_HOME": home,
        "PIP_NO_INDEX": "1",
        "HF_HUB_OFFLINE": "1",
        "PYTHONWARNINGS": "ignore",
    }


def run(folder: Path, seed: int, home: str) -> Report:
    """List, load, look around, and ask torch.hub for the same."""
    from rehub import Hub

    environ = environment(home)
    hub = Hub(dir=f"{home}/hub", mirrors={HUB: f"file://{folder}/"}, trust="always", environ=environ)
    rows = listed(folder, hub)
    before = list(sys.path)
    names = [row.name for row in rows if not row.refused]

    def call(load: Load) -> Any:
        return hub.entry(load.repo, load.entry)(**load.kwargs)

    outcomes = loaded(usable(names), seed, call)
    around = strays([Path(home).resolve()])
    theirs = compared(rows, hub, seed, environ)
    return Report(rows, outcomes, theirs, around, sys.path == before, seed)


def main() -> int:
    """Run, print, and give the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", default=os.environ.get("WILD"), help="bare clones, OWNER/NAME.git (WILD)")
    parser.add_argument("--seed", type=int, default=1, help="of the order in which entries are loaded (1)")
    parser.add_argument("--markdown", type=Path, help="write the page")
    parser.add_argument("--date", default="", help="that the page says")
    parser.add_argument("--peer", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.peer:
        peer(chosen.peer, chosen.seed)
        return 0
    if not chosen.folder or not Path(chosen.folder).is_dir():
        parser.error("say where the clones are: make wild WILD=folder")
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(environment(home))
        report = run(Path(chosen.folder).absolute(), chosen.seed, home)
    print_table(listing_lines(report.rows))
    print_table(load_lines(report))
    print(
        "\n".join(
            [*summary(report), "", "Misses:", *miss_lines(report), "", "Only torch.hub fails:", *peer_lines(report)]
        )
    )
    if chosen.markdown:
        chosen.markdown.write_text(markdown(report, chosen.date), encoding="utf-8")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
