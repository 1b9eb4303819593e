#!/usr/bin/env python3
"""The peer of `physics_tick`: the same fleet on the same floor in MuJoCo, one thread.

Scene: N differential robots (a 20 kg cylinder of 0.3 m radius, two driven wheels with velocity servos and torque
limits, two frictionless casters) on a 2.5 m grid with a wall every five rows, each driving its own slow circle.
Prints one JSON line: {"robots": N, "steps": S, "seconds": T, "us_per_robot_step": U}.

    pip install mujoco
    python3 mujoco_fleet.py --robots 50 --steps 5000
"""
import argparse
import json
import math
import time

import mujoco


def scene(robots: int, dt: float) -> str:
    side = math.ceil(math.sqrt(robots))
    span = 2.5 * side
    walls = "".join(
        f'<geom type="box" pos="{span / 2:.2f} {2.5 * 5 * i - 1.25:.2f} 0.5" size="{span / 2 + 2:.2f} 0.05 0.5"/>'
        for i in range(side // 5 + 2)
    )
    bodies, motors = [], []
    for i in range(robots):
        x, y = 2.5 * (i % side), 2.5 * (i // side)
        bodies.append(
            f'<body pos="{x} {y} 0.1"><freejoint/>'
            '<geom type="cylinder" size="0.3 0.15" pos="0 0 0.12" mass="18"/>'
            '<geom type="sphere" size="0.05" pos="0.25 0 -0.05" mass="0.2" friction="0.001 0 0" condim="1" priority="1"/>'
            '<geom type="sphere" size="0.05" pos="-0.25 0 -0.05" mass="0.2" friction="0.001 0 0" condim="1" priority="1"/>'
            f'<body pos="0 0.25 0"><joint name="l{i}" type="hinge" axis="0 1 0" damping="0.01"/>'
            '<geom type="cylinder" size="0.1 0.02" euler="90 0 0" mass="0.8" friction="1 0.005 0.0001"/></body>'
            f'<body pos="0 -0.25 0"><joint name="r{i}" type="hinge" axis="0 1 0" damping="0.01"/>'
            '<geom type="cylinder" size="0.1 0.02" euler="90 0 0" mass="0.8" friction="1 0.005 0.0001"/></body>'
            "</body>"
        )
        for side_name in "lr":
            motors.append(f'<velocity joint="{side_name}{i}" kv="5" ctrllimited="true" ctrlrange="-10 10" forcerange="-10 10"/>')
    return (
        f'<mujoco><option timestep="{dt}" integrator="implicitfast" cone="pyramidal"/><size memory="512M"/><worldbody>'
        f'<geom type="plane" size="500 500 1"/>{walls}{"".join(bodies)}</worldbody><actuator>{"".join(motors)}</actuator></mujoco>'
    )


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--robots", type=int, default=50)
    p.add_argument("--steps", type=int, default=5000)
    p.add_argument("--dt", type=float, default=0.02, help="seconds per step (our tick)")
    a = p.parse_args()
    model = mujoco.MjModel.from_xml_string(scene(a.robots, a.dt))
    data = mujoco.MjData(model)
    for i in range(a.robots):
        data.ctrl[2 * i], data.ctrl[2 * i + 1] = 4.0, 5.0
    mujoco.mj_step(model, data, nstep=200)
    begun = time.perf_counter()
    mujoco.mj_step(model, data, nstep=a.steps)
    seconds = time.perf_counter() - begun
    if not all(math.isfinite(v) for v in data.qpos):
        raise SystemExit("the peer's simulation blew up at this step size")
    speed = math.hypot(data.qvel[0], data.qvel[1])
    print(json.dumps({
        "robots": a.robots, "steps": a.steps, "seconds": round(seconds, 4),
        "us_per_robot_step": round(1e6 * seconds / a.steps / a.robots, 3), "speed_of_first_mps": round(speed, 3),
    }))


if __name__ == "__main__":
    main()
