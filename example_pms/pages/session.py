"""Log in, log out."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_login import login_user, logout_user
from werkzeug.security import check_password_hash
from werkzeug.wrappers import Response

from ..access import load_user
from .blueprint import bp


@bp.route("/login", methods=["GET", "POST"])
def login() -> str | Response | tuple[str, int]:
    """Show the login form, or let somebody in."""
    if request.method == "GET":
        return render_template("pms/login.html")
    user = load_user(request.form.get("login", "").strip())
    word = request.form.get("password", "")
    if user is None or not check_password_hash(user.password_hash, word):
        flash("Login or password is wrong.", "error")
        return render_template("pms/login.html"), 401
    login_user(user)
    return redirect(inside(request.args.get("next", "")))


@bp.post("/logout")
def logout() -> Response:
    """End the session."""
    logout_user()
    return redirect(url_for("pms.login"))


def inside(target: str) -> str:
    """Return `target` when it is a path of this site, else the first page."""
    plain = target.startswith("/") and not target.startswith("//") and "\\" not in target
    # A tab or the end of a line is left out on the way, and what stood behind it moves up.
    whole = all(sign > " " for sign in target)
    return target if plain and whole else url_for("pms.board")
