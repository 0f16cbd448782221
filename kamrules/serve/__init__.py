"""The live service over HTTP: `kamrules serve`, for a CRM that posts what happens and asks what follows.

Starlette rather than FastAPI: each request of a busy day passes here, and what FastAPI adds (dependencies
resolved anew for every request, answers validated before they are written) is paid for each of them, while
bodies here are pydantic models either way. uvicorn with httptools and uvloop speaks HTTP.

This package reads the clock and the network; nothing below it does.
"""
