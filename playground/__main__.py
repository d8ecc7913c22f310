"""``python -m playground``: the playground's abilities on the command line."""

import signal

if __name__ == "__main__":
    # Ctrl-C ends it at once, in the middle of a step or an import too: nothing needs to be saved or explained.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from playground.cli import main

    main()
