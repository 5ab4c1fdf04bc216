SHELL := /bin/sh
PYTHON ?= python3
T := .tools
V := .venv
