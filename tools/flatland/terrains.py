"""The lands, drawn in layers from far to near."""

from __future__ import annotations

from tools.flatland.land import GROUNDS, HORIZON, Land
from tools.flatland.painters.growing import PAINTERS as GROWING
from tools.flatland.palette import PAPER, Rgb, mix, tint
from tools.flatland.pen import star_points


def _hills(land: Land) -> None:
    base = land.lit(GROUNDS["hills"])
    land.ridge(HORIZON + 0.02, 0.06, 1.0, mix(base, land.sky[1], 0.4))
    land.ridge(HORIZON + 0.1, 0.05, 0.9, mix(base, land.sky[1], 0.15))
    land.ridge(HORIZON + 0.2, 0.03, 0.7, base)


def _sea(land: Land) -> None:
    base = land.lit(GROUNDS["sea"])
    land.ground(HORIZON, mix(base, land.sky[1], 0.25))
    for i, top in enumerate((0.72, 0.82, 0.92)):
        land.ridge(top, 0.012, 3.0, mix(base, (10, 30, 80), 0.12 * i))


def _mountains(land: Land) -> None:
    rock = mix(land.lit((112, 122, 150)), land.sky[1], 0.2)
    for x, half in ((0.22, 0.3), (0.8, 0.27), (0.52, 0.38)):
        pen = land.pen(x + land.lot.uniform(-0.04, 0.04), HORIZON + 0.14 - half, half)
        pen.polygon([(0, -0.9), (1.05, 1), (-1.05, 1)], rock)
        pen.polygon([(0, -0.9), (1.05, 1), (0.15, 1)], mix(rock, (30, 30, 70), 0.2))
        pen.polygon([(0, -0.9), (0.34, -0.28), (0.12, -0.4), (-0.08, -0.2), (-0.34, -0.28)], land.lit(PAPER))
    land.ridge(HORIZON + 0.16, 0.02, 0.8, land.lit(GROUNDS["mountains"]))


def _meadow(land: Land) -> None:
    base = land.lit(GROUNDS["meadow"])
    land.ridge(HORIZON + 0.04, 0.02, 0.6, mix(base, (40, 120, 70), 0.3))
    land.ridge(HORIZON + 0.12, 0.02, 0.8, base)
    for i in range(9):
        pen = land.pen((i + land.lot.uniform(0.2, 0.8)) / 9, land.lot.uniform(0.82, 0.97), 0.022)
        pen.disc((0, 0), 1.0, land.lit(land.lot.choice(((250, 110, 130), PAPER, (255, 220, 90)))))


def _desert(land: Land) -> None:
    base = land.lit(GROUNDS["desert"])
    land.ridge(HORIZON + 0.02, 0.05, 0.8, mix(base, (200, 120, 60), 0.25))
    land.ridge(HORIZON + 0.12, 0.05, 0.7, base)


def _forest(land: Land) -> None:
    base = land.lit(GROUNDS["forest"])
    for depth, (y, half) in enumerate(((HORIZON - 0.02, 0.16), (HORIZON + 0.06, 0.2))):
        colour = mix(base, land.sky[1], 0.35 - 0.25 * depth)
        for i in range(6):
            pen = land.pen((i + 0.5 * depth + land.lot.uniform(-0.1, 0.1)) / 5.5, y, half)
            pen.polygon([(0, -1.1), (0.62, 0.9), (-0.62, 0.9)], colour)
    land.ground(HORIZON + 0.2, mix(base, (130, 180, 90), 0.35))


def _city(land: Land) -> None:
    wall = mix(land.lit((104, 116, 150)), land.sky[1], 0.15)
    window: Rgb = (255, 226, 130) if land.scene.time in ("night", "dusk") else mix(wall, PAPER, 0.5)
    for i in range(5):
        pen = land.pen((i + 0.5) / 5, HORIZON + 0.16, 0.1)
        top = -land.lot.uniform(2.2, 4.6)
        pen.box((-0.98, top), (0.98, 1), mix(wall, (30, 34, 70), 0.2 * (i % 2)))
        for row in range(2):
            for side in (-0.45, 0.45):
                y = top + 0.45 + row * 0.95
                pen.box((side - 0.27, y), (side + 0.27, y + 0.55), window)
    land.ground(HORIZON + 0.2, land.lit(GROUNDS["city"]))


def _beach(land: Land) -> None:
    land.ground(HORIZON, land.lit(GROUNDS["sea"]))
    land.ridge(HORIZON + 0.12, 0.03, 0.6, land.lit(GROUNDS["beach"]))
    pen = land.pen(land.lot.choice((0.14, 0.86)), 0.52, 0.26)
    pen.line([(0.1, 1.0), (0.0, 0.2), (0.08, -0.4)], land.lit((150, 104, 64)), width=0.15)
    green = land.lit((58, 158, 92))
    for x, y in ((-0.9, -0.5), (-0.5, -0.95), (0.3, -1.0), (0.9, -0.75), (0.95, -0.15), (-0.75, -0.05)):
        pen.polygon([(0.08, -0.42), (x * 0.5, y * 0.75 - 0.16), (x, y), (x * 0.5 + 0.1, y * 0.6 - 0.02)], green)


def _snow(land: Land) -> None:
    base = land.lit(GROUNDS["snow"])
    land.ridge(HORIZON + 0.03, 0.04, 0.8, mix(base, (120, 160, 220), 0.25))
    land.ridge(HORIZON + 0.14, 0.03, 0.6, base)
    for x in (0.1, 0.9):
        GROWING["tree"](land.pen(x, HORIZON - 0.02, 0.13), tint(land.lit((74, 140, 110))))


def _space(land: Land) -> None:
    pen = land.pen(land.lot.choice((0.14, 0.86)), land.lot.uniform(0.12, 0.22), 0.09)
    pen.disc((0, 0), 1.0, (226, 142, 110))
    pen.ellipse((0.1, 0.3), (0.7, 0.2), (196, 108, 104))
    for i in range(9):
        x, y = (i + land.lot.uniform(0.2, 0.8)) / 9, land.lot.uniform(0.5, 0.96)
        land.pen(x, y, land.lot.choice((0.02, 0.028))).polygon(star_points(4, inner=0.4), (255, 246, 200))


TERRAIN_PAINTERS = {
    "hills": _hills,
    "sea": _sea,
    "mountains": _mountains,
    "meadow": _meadow,
    "desert": _desert,
    "forest": _forest,
    "city": _city,
    "beach": _beach,
    "snow": _snow,
    "space": _space,
}
