"""What TouchDesigner calls: the same text for the OSC In DAT, the parameters and the Script CHOP."""


def onReceiveOSC(dat, rowIndex, message, raw, timeStamp, address, args, peer):
    """Take what the daemon tells."""
    parent().ext.IdiolectExt.Told(address, args, absTime.seconds)


def onValueChange(par, prev):
    """Pass on what was turned."""
    parent().ext.IdiolectExt.Turned(par)


def onPulse(par):
    """Pass on what was pressed."""
    parent().ext.IdiolectExt.Pulsed(par)


def onCook(scriptOp):
    """Write one sample for each grain that is seen; what asks for the time cooks every frame."""
    channels = parent().ext.IdiolectExt.Bursts(absTime.seconds)
    scriptOp.clear()
    scriptOp.numSamples = len(channels["tx"])
    for name, values in channels.items():
        scriptOp.appendChan(name).vals = values
