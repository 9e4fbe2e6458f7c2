"""The component's extension: what its parameters, its callbacks and other components call."""

from collections import deque

import idiolect_td

RENEWED_MS = 20_000  # a lease lasts 60 s
SHOWN = 100  # grains in the table
DRAWN = 256  # grains that can be seen at once


class IdiolectExt:
    """Turns a daemon with custom parameters, and keeps what it tells.

    Methods with a capital letter are promoted: ``op('idiolect').Play(unit=12)``.
    """

    def __init__(self, ownerComp):
        self.ownerComp = ownerComp
        self.grains = deque(maxlen=DRAWN)
        self._knobs = {}  # parameter's name -> Knob
        self._parameters = {}  # address -> parameter's name
        self._known = {}  # address -> what the daemon has, as far as is known
        self._leases = 0

    def Connect(self):
        """Make a parameter of everything the daemon has for the voice, and begin to listen."""
        par = self.ownerComp.par
        daemon = idiolect_td.Daemon(par.Host.eval(), int(par.Port), int(par.Httpport))
        voice = f"/voice/{int(par.Voice)}"
        try:
            turned = list(idiolect_td.knobs(daemon.read(voice), voice))
            whole = [idiolect_td.knobs(daemon.read(path), "/") for path in ("/gain", "/mute")]
        finally:
            daemon.close()
        self._knobs, self._parameters, self._known = {}, {}, {}
        leaning = [knob for knob in turned if knob.name.startswith("Bias")]
        self._lay("Voice", [knob for knob in turned if knob not in leaning])
        self._lay("Bias", leaning)
        self._lay("Master", [_of_all(knob) for knobs in whole for knob in knobs])
        self._leases += 1
        self.Listen(self._leases)

    def Listen(self, lease):
        """Ask to be told, and again before the lease ends; an older lease than the last ends."""
        if lease != self._leases:
            return
        par = self.ownerComp.par
        self.Send("/notify", 1, int(par.Grainport), 60, "grain", "state")
        self.Send("/notify", 1, int(par.Meterport), 60, "meter", "health")
        run("args[0].Listen(args[1])", self, lease, delayMilliSeconds=RENEWED_MS)

    def Send(self, address, *values):
        """Send one message: an address and its values."""
        self.ownerComp.op("osc_out").sendOSC(address, list(values))

    def Play(self, **wish):
        """Play a unit by hand: Play(unit=12, gain=-6), with the names of /play."""
        named = {"voice": int(self.ownerComp.par.Voice), **wish}
        self.Send("/play", *[word for pair in named.items() for word in pair])

    def Turned(self, par):
        """Pass on that a parameter was turned, unless the daemon itself said so."""
        if par.name == "Voice":
            self.Connect()
        knob = self._knobs.get(par.name)
        if knob is None or knob.style == "Pulse":
            return
        value = knob.value_of(par.eval())
        if not idiolect_td.is_same(value, self._known[knob.address]):
            self._known[knob.address] = value
            self.Send(knob.address, value)

    def Pulsed(self, par):
        """Pass on that a button was pressed."""
        if par.name == "Connect":
            self.Connect()
        elif par.name in self._knobs:
            self.Send(self._knobs[par.name].address)

    def Told(self, address, values, now):
        """Keep what the daemon tells: a grain, or a parameter that somebody turned."""
        if address == "/grain":
            self._note(dict(zip(idiolect_td.GRAIN, values)), now)  # noqa: B905 (Python 3.9)
        elif address in self._parameters:
            name = self._parameters[address]
            if not self._knobs[name].has(values[0]):
                self.Connect()  # a scale of another bundle
                return
            shown = self._knobs[name].shown(values[0])
            self._known[address] = shown
            setattr(self.ownerComp.par, name, shown)

    def Bursts(self, now):
        """Say what is drawn of the grains now: channels by name."""
        return idiolect_td.bursts(self.grains, now)

    def _note(self, grain, now):
        self.grains.append((now, grain))
        table = self.ownerComp.op("grains")
        table.appendRow([now, *grain.values()])
        if table.numRows > SHOWN + 1:
            table.deleteRow(1)

    def _lay(self, title, knobs):
        pages = [page for page in self.ownerComp.customPages if page.name == title]
        page = pages[0] if pages else self.ownerComp.appendCustomPage(title)
        for knob in knobs:
            self._knobs[knob.name] = knob
            if knob.style != "Pulse":
                self._parameters[knob.address] = knob.name
                self._known[knob.address] = knob.value
            _lay_parameter(page, knob)


def _of_all(knob):
    """Name a parameter of the whole so that a voice's does not get in its way."""
    return knob._replace(name=f"Master{knob.name.lower()}")


def _lay_parameter(page, knob):
    par = getattr(page, f"append{knob.style}")(knob.name, label=knob.label)[0]
    par.help = knob.help
    if knob.style == "Menu":
        par.menuNames = par.menuLabels = list(knob.names)
    elif knob.style in ("Float", "Int"):
        par.min = par.normMin = knob.low
        par.max = par.normMax = knob.high
        par.clampMin = par.clampMax = True
    if knob.style != "Pulse":
        par.val = knob.value
