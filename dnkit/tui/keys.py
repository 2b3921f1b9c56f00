"""What a key does. No widget: a key comes in, the view and the session change, a wish may leave."""

from collections.abc import Callable
from functools import partial

from dnkit.tui.session import Session
from dnkit.tui.view import boxes
from dnkit.tui.view.flatten import word_to_type
from dnkit.tui.view.frame import LEAST
from dnkit.tui.view.journal import matching, selected
from dnkit.tui.view.runs import ordered
from dnkit.tui.view.scene import REPLAY, SCREENS, Box, Look
from dnkit.tui.wishes import FLATTEN, PAUSE, RESUME, STOP, Engine, Wish

QUIT, PALETTE, THEME, COPY = "quit", "palette", "theme", "copy"
PAGE = 10
TYPED_MOST = 200
_TURNS = {"tab": 1, "l": 1, "right": 1, "shift+tab": -1, "h": -1, "left": -1}
_MOVES = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": PAGE, "pageup": -PAGE}


class Keys:
    """The user's hands. `press` answers what only the terminal can do: quit, palette, theme, or copy."""

    def __init__(self, session: Session, engine: Engine, concession: Callable[[], int] = lambda: -1) -> None:
        """`concession` answers how far past the touch a flatten may go, in mbps; asked once there is a
        plan.
        """
        self.session = session
        self._concession = concession
        self.engine = engine
        self.look = Look()
        self.size = (80, 24)
        self.copied = ""
        self._pending: Wish | None = None
        self._asked_of = ""
        self._now = 0
        self._keys: dict[str, Callable[[], str | None]] = {
            "q": lambda: QUIT,
            "ctrl+p": lambda: PALETTE,
            ":": lambda: PALETTE,
            "T": lambda: THEME,
            "y": self._copy,
            "?": partial(self._open, boxes.HELP),
            "/": self._filter,
            "F": self.flatten,
            "p": self.pause,
            "s": self.stop,
            "enter": self._enter,
            "escape": self._escape,
            "a": self._acknowledge,
            "A": self._acknowledge_all,
            "space": self._space,
            "r": self.replay,
            "g": self._go,
            ",": partial(self._replayed, lambda: self.session.step(-1, self._now)),
            ".": partial(self._replayed, lambda: self.session.step(1, self._now)),
            "[": partial(self._replayed, lambda: self.session.jump(-1, self._now)),
            "]": partial(self._replayed, lambda: self.session.jump(1, self._now)),
            "-": partial(self._replayed, lambda: self.session.speed(-1)),
            "+": partial(self._replayed, lambda: self.session.speed(1)),
        }
        for number, name in enumerate(SCREENS, 1):
            self._keys[str(number)] = partial(self.show, name)
        self._keys |= {key: partial(self._turn, way) for key, way in _TURNS.items()}
        self._keys |= {key: partial(self.move, rows) for key, rows in _MOVES.items()}
        self._keys |= {key: partial(self._to, at) for key, at in (("home", 0), ("end", -1), ("t", -1))}

    def press(self, key: str, character: str | None, now_ns: int) -> str | None:
        """Take one key; `character` is what it writes, None for keys that write nothing."""
        self._now = now_ns
        scene = self.session.scene
        scene.told = ""
        if self.look.box is not None:
            return self._in_box(self.look.box, key, character)
        name = character if character is not None and character in self._keys else key
        do = self._keys.get(name)
        return do() if do is not None else None

    @property
    def types(self) -> bool:
        """Whether an open box asks for text."""
        return self.look.box is not None and self.look.box.kind in boxes.TYPED

    def act(self, act: str, now_ns: int) -> None:
        """Do what a click asks for."""
        self._now = now_ns
        what, _, detail = act.partition(":")
        if what == "screen":
            self.show(detail)
        elif what == "select":
            self.look.at[self.look.screen] = int(detail)
        elif what == "flatten":
            self.flatten()

    def hear(self) -> bool:
        """Take in what the engine said; whether there was anything new."""
        scene, heard = self.session.scene, self.engine.heard()
        news = scene.word != heard.word
        scene.word = heard.word
        for reply in self.engine.replies():
            self._pending = None
            news = True
            scene.told = reply.text if reply.ok else f"refused: {reply.text}"
            if self.look.box is not None and self.look.box.kind == boxes.FLATTENING:
                self.look.box.said = scene.told
                self.look.box.kind = boxes.FLATTENING if reply.ok else boxes.ALONE
        self.session.alive(heard.at_ns)
        return self.session.show_books(heard.books) or news

    def group(self) -> str:
        """Whose engine to talk to: the one of the run on the screen, none for a replay. A flatten that
        was asked for is followed to its end, although it makes runs of its own.
        """
        scene, box = self.session.scene, self.look.box
        if box is not None and box.kind == boxes.FLATTENING:
            return self._asked_of
        trail = scene.trail
        return "" if trail is None or scene.moment.way == REPLAY else trail.run.header.group

    def show(self, screen: str) -> None:
        """Go to a screen."""
        self.look.screen = screen

    def move(self, rows: int) -> None:
        """Move the selection of the screen; at the last row it follows what is new."""
        count = self._count()
        screen = self.look.screen
        at = max(0, selected(self.look, screen, count) + rows)
        if screen == "policy":
            self.look.at[screen] = max(0, self.look.at.get(screen, 0) + rows)
        else:
            self.look.at[screen] = -1 if at >= count - 1 and screen != "runs" else min(at, count - 1)

    def flatten(self) -> None:
        """Open the plan. Nothing is sent before the name was typed."""
        scene = self.session.scene
        if scene.read_only:
            scene.told = "read-only: no wish leaves this screen"
        elif self._is_tiny():
            self._open(boxes.TINY)
        elif scene.moment.way == REPLAY:
            scene.told = "this is a replay: there is nothing to flatten"
        elif not scene.word.linked:
            self._open(boxes.ALONE)
        else:
            scene.concession = self._concession() if scene.concession < 0 else scene.concession
            self._open(boxes.FLATTEN)

    def pause(self) -> None:
        """Stop entries, or let them go on. One wish at a time: holding the key down toggles once."""
        self._wish(Wish(RESUME if self.session.scene.word.paused else PAUSE))

    def stop(self) -> None:
        """Ask how to stop."""
        if self._may_wish():
            self._open(boxes.STOP)

    def replay(self) -> None:
        """Play the shown run again; from a replay, follow again."""
        if self.session.scene.moment.way == REPLAY:
            self.session.follow(self._now)
        else:
            self.session.rewind(self._now)

    def _is_tiny(self) -> bool:
        return self.size[0] < LEAST[0] or self.size[1] < LEAST[1]

    def _may_wish(self) -> bool:
        scene = self.session.scene
        if scene.read_only:
            scene.told = "read-only: no wish leaves this screen"
        elif scene.moment.way == REPLAY or not scene.word.linked:
            scene.told = "no engine answers for this run: dnkit status"
        return not scene.told

    def _wish(self, wish: Wish) -> None:
        if self._pending is None and self._may_wish():
            self._pending = wish
            self.engine.ask(wish)
            self.session.scene.told = f"asked to {wish.what} {wish.detail}".rstrip()

    def _open(self, kind: str) -> None:
        self.look.box = Box(kind, opened_ns=self._now)

    def _in_box(self, box: Box, key: str, character: str | None) -> str | None:
        """Keys while a box is open: they go to the box and nowhere else."""
        if key == "ctrl+c" or (box.kind not in boxes.TYPED and key == "q"):
            return QUIT
        if box.kind in boxes.TYPED:
            self._type(box, key, character)
        elif box.kind == boxes.STOP:
            self.look.box = None
            chosen = next((name for letter, name, _ in boxes.STOPS if character == letter), "")
            if chosen:
                self._wish(Wish(STOP, chosen))
            else:
                self.session.scene.told = "nothing was sent"
        elif key in ("escape", "enter") or box.kind not in boxes.HELD:
            self.look.box = None
        return None

    def _type(self, box: Box, key: str, character: str | None) -> None:
        if key == "escape":
            self.look.box = None
            self._cancelled(box)
        elif key == "enter":
            self._entered(box)
        elif key == "backspace":
            box.typed = box.typed[:-1]
        elif key == "ctrl+u":
            box.typed = ""
        elif character is not None and character.isprintable():
            box.typed = (box.typed + character)[:TYPED_MOST]
        if box.kind == boxes.FILTER and self.look.box is box:
            self.look.sought = box.typed

    def _cancelled(self, box: Box) -> None:
        if box.kind == boxes.FLATTEN:
            self.session.scene.told = "flatten cancelled: nothing was sent"
        elif box.kind == boxes.FILTER:
            self.look.sought = ""

    def _entered(self, box: Box) -> None:
        self.look.box = None
        if box.kind == boxes.FLATTEN:
            self._confirm(box.typed)
        elif box.kind == boxes.GO and box.typed.isdecimal():
            self.session.go(max(1, int(box.typed)), self._now)

    def _confirm(self, typed: str) -> None:
        """The one place where a flatten leaves: the name, the whole name and nothing but the name."""
        scene = self.session.scene
        if self._is_tiny():
            self._open(boxes.TINY)
            return
        policy = scene.trail.run.header.policy if scene.trail is not None else ""
        if not policy or typed != word_to_type(policy):
            scene.told = "flatten cancelled: that is not the name; nothing was sent"
            return
        self._asked_of, self._pending = self.group(), Wish(FLATTEN, policy)
        self.engine.ask(self._pending)
        newest = scene.runs[0].header.run_id if scene.runs else ""
        self.look.box = Box(boxes.FLATTENING, opened_ns=self._now, since=newest)

    def _filter(self) -> None:
        self.look.screen = "journal"
        self.look.box = Box(boxes.FILTER, typed=self.look.sought, opened_ns=self._now)

    def _go(self) -> None:
        if self.session.scene.moment.way == REPLAY:
            self._open(boxes.GO)
        else:
            self._to(0)

    def _enter(self) -> None:
        if self.look.screen == "runs":
            runs = ordered(self.session.scene.runs)
            if runs:
                at = selected(self.look, "runs", len(runs)) if "runs" in self.look.at else 0
                self.session.open(runs[at], self._now)
                self.look.screen = "legs"
        elif self.look.screen == "journal":
            self.look.opened = not self.look.opened

    def _escape(self) -> None:
        self.look.sought, self.look.opened, self.look.frozen = "", False, False

    def _acknowledge(self) -> None:
        scene = self.session.scene
        if self.look.screen == "alerts" and scene.alerts:
            scene.acked.add(scene.alerts[selected(self.look, "alerts", len(scene.alerts))])

    def _acknowledge_all(self) -> None:
        if self.look.screen == "alerts":
            self.session.scene.acked |= set(self.session.scene.alerts)

    def _space(self) -> None:
        if self.session.scene.moment.way == REPLAY:
            self.session.play(self._now)
        else:
            self.look.frozen = not self.look.frozen

    def _replayed(self, do: Callable[[], None]) -> None:
        if self.session.scene.moment.way == REPLAY:
            do()

    def _turn(self, way: int) -> None:
        self.look.screen = SCREENS[(SCREENS.index(self.look.screen) + way) % len(SCREENS)]

    def _to(self, at: int) -> None:
        self.look.at[self.look.screen] = at

    def _copy(self) -> str | None:
        trail = self.session.scene.trail
        if trail is None:
            return None
        rows = matching(trail, self.look.sought)
        if self.look.screen == "journal" and rows:
            row = rows[selected(self.look, "journal", len(rows))]
            self.copied = f"#{row.seq} {row.words} {row.line.event} {row.line.commands}"
        else:
            self.copied = trail.run_id
        self.session.scene.told = "copied"
        return COPY

    def _count(self) -> int:
        scene = self.session.scene
        if self.look.screen == "runs":
            return len(scene.runs)
        if self.look.screen == "alerts":
            return len(scene.alerts)
        return len(matching(scene.trail, self.look.sought)) if scene.trail is not None else 0
