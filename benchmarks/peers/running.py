"""A Faust app without its command line (which would open a web server)."""

import asyncio
import signal


def run(app):
    """Until SIGTERM."""

    async def main():
        ended = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
        await app.start()
        await ended.wait()
        await app.stop()

    asyncio.run(main())
