"""`chainrule completion SHELL`: what a shell needs to complete commands and options."""

from __future__ import annotations

import argparse

BASH = """\
_chainrule() {
    local current="${COMP_WORDS[COMP_CWORD]}" words
    case "${COMP_WORDS[1]}" in
CASES
        *) words="COMMANDS --help --version" ;;
    esac
    [ "$COMP_CWORD" -eq 1 ] && words="COMMANDS --help --version"
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _chainrule chainrule
"""
ZSH = "autoload -U +X compinit bashcompinit && compinit && bashcompinit\n"

EPILOG = """\
put a line into the shell's own file:
  ~/.bashrc                     eval "$(chainrule completion bash)"
  ~/.zshrc                      eval "$(chainrule completion zsh)"
  ~/.config/fish/config.fish    chainrule completion fish | source"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `chainrule completion` to `parser`."""
    parser.epilog = EPILOG
    parser.add_argument("shell", choices=["bash", "zsh", "fish"])


def main(arguments: argparse.Namespace) -> int:
    """Print the script; `arguments.known` has the options of each command."""
    print(
        {"bash": bash, "zsh": lambda known: ZSH + bash(known), "fish": fish}[arguments.shell](arguments.known), end=""
    )
    return 0


def bash(known: dict[str, list[str]]) -> str:
    """The script for bash."""
    cases = "\n".join(f'        {name}) words="{" ".join(options)}" ;;' for name, options in known.items())
    return BASH.replace("CASES", cases).replace("COMMANDS", " ".join(known))


def fish(known: dict[str, list[str]]) -> str:
    """The script for fish."""
    lines = [f"complete -c chainrule -n __fish_use_subcommand -f -a '{' '.join(known)}'"]
    for name, options in known.items():
        long = [o.removeprefix("--") for o in options if o.startswith("--")]
        lines += [f"complete -c chainrule -n '__fish_seen_subcommand_from {name}' -l {option}" for option in long]
    return "\n".join(lines) + "\n"
