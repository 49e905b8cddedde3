# SPDX-License-Identifier: Apache-2.0
"""Namespaces, links and programs of a bench, all of which go when the bench does."""
import os
import subprocess


class Lab:
    def __init__(self):
        self.prefix = "slicegate-bench-{}-".format(os.getpid())
        self.namespaces = []
        self.programs = []
        self.links = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for program in self.programs:
            if program.poll() is None:
                program.terminate()
                try:
                    program.wait(5)
                except subprocess.TimeoutExpired:
                    program.kill()
                    program.wait()
        for name in self.namespaces:
            subprocess.run(["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL)

    def ip(self, *words, inside=None):
        subprocess.run(["ip"] + (["-n", inside] if inside else []) + list(words), check=True)

    def namespace(self, word):
        """Makes a namespace; gives its name."""
        name = self.prefix + word
        self.ip("netns", "add", name)
        self.namespaces.append(name)
        self.ip("link", "set", "lo", "up", inside=name)
        return name

    def link(self, left, left_address, right, right_address, cpus=(None, None)):
        """A veth pair with an address at each end. `cpus`: which CPU takes what arrives there (None: the sender's)."""
        self.links += 1
        ends = ["b{}{}".format(self.links, side) for side in "lr"]
        self.ip("link", "add", ends[0], "netns", left, "type", "veth", "peer", "name", ends[1], "netns", right)
        for index, (name, address) in enumerate(((left, left_address), (right, right_address))):
            self.ip("address", "add", address, "dev", ends[index], inside=name)
            self.ip("link", "set", ends[index], "up", inside=name)
            if cpus[index] is not None:
                rps = "/sys/class/net/{}/queues/rx-0/rps_cpus".format(ends[index])
                subprocess.run(["ip", "netns", "exec", name, "sh", "-c", "echo {:x} >{}".format(1 << cpus[index], rps)], check=True)

    def cable(self, left, left_name, right, right_name, right_address):
        """A veth pair whose left end is bare: an interface for a slice to take."""
        self.ip("link", "add", left_name, "netns", left, "type", "veth", "peer", "name", right_name, "netns", right)
        self.ip("address", "add", right_address, "dev", right_name, inside=right)
        self.ip("link", "set", right_name, "up", inside=right)

    def start(self, namespace, cpu, *command, **more):
        """Starts a program in a namespace, pinned to a CPU (None: not pinned)."""
        pin = ["taskset", "-c", str(cpu)] if cpu is not None else []
        program = subprocess.Popen(["ip", "netns", "exec", namespace] + pin + list(command), **more)
        self.programs.append(program)
        return program


def cpu_ns(pid):
    """What a process has used of the CPU, the softirqs that ran in its context included (ns, exact)."""
    total = 0
    for task in os.listdir("/proc/{}/task".format(pid)):
        with open("/proc/{}/task/{}/schedstat".format(pid, task), encoding="ascii") as stat:
            total += int(stat.read().split()[0])
    return total
