// A daemon of idiolect, as SuperCollider sees it.
//
// What it says arrives through responders of this object, which outlive Cmd-period.  What is asked
// of it is answered into a function given as `action`, or, inside a Routine, waited for.

Idiolect : IdiolectMasterParameters {
	classvar <all, >program, <>default;
	classvar <leaseSeconds = 60, <waitSeconds = 10;
	var <addr, <pid, <ready = false;
	var voiceNumbered, pending, responders, renewal, watcher, groups;

	*initClass {
		Class.initClassTree(Event);
		all = IdentitySet.new;
		Event.addEventType(\idiolect, { |server|
			Idiolect.prSend(currentEnvironment, server) { |daemon, event| daemon.messages(event) }
		});
		Event.addEventType(\idiolectPlay, { |server|
			Idiolect.prSend(currentEnvironment, server) { |daemon, event| daemon.plays(event) }
		});
		ShutDown.add { all.do(_.kill) };
	}

	// What `boot` starts: that of the checkout these classes lie in, if it is set up, else what the
	// path has.
	*program {
		var own = this.filenameSymbol.asString.dirname +/+ "../../../.venv/bin/idiolect";
		^program ?? { if(File.exists(own)) { own } { "idiolect" } }
	}

	*new { |host = "127.0.0.1", port = 57300|
		^super.new.prInit(NetAddr(host, port))
	}

	// Start a daemon as a child that ends with sclang.  `options` are those of `idiolect serve`;
	// `action` gets this object once it can be played.
	*boot { |bundle, action, port = 57300, options = ""|
		^this.new("127.0.0.1", port).boot(bundle, action, options)
	}

	prInit { |argAddr|
		addr = argAddr;
		voiceNumbered = IdentityDictionary.new;
		pending = Dictionary.new;
		all.add(this);
		if(default.isNil) { default = this };
		CmdPeriod.add(this);
		responders = [
			this.prHear('/done', { |message| this.prAnswer(message[1], true, message[2..]) }),
			this.prHear('/fail', { |message| this.prAnswer(message[1], false, message[2]) }),
			this.prHear('/shutdown', { ready = false; this.changed(\shutdown) })
		];
	}

	boot { |bundle, action, options = ""|
		var command;
		if(pid.notNil) { Error("% is running already, as process %".format(this, pid)).throw };
		command = "exec % serve % --port % %".format(
			this.class.program.shellQuote, bundle.asString.standardizePath.shellQuote, addr.port, options
		);
		pid = command.unixCmd({ |status|
			pid = nil;
			ready = false;
			this.changed(\ended, status);
			if(status != 0) { "idiolect ended with status %".format(status).warn };
		});
		this.whenReady(action, 300);
	}

	// Ask until it answers: the first start after an install compiles for a minute.
	whenReady { |action, seconds = 30|
		var deadline = Main.elapsedTime + seconds;
		this.prKeepOn {
			while { ready.not and: { Main.elapsedTime < deadline } } {
				this.status { ready = true };
				0.2.wait;
			};
			if(ready) { action.value(this) } {
				"idiolect does not answer at %:%; is it started?".format(addr.hostname, addr.port).warn
			};
		}
	}

	voice { |number = 1|
		^voiceNumbered[number] ?? {
			voiceNumbered[number] = IdiolectVoice(this, number);
			voiceNumbered[number]
		}
	}

	// --- Saying and asking.

	send { |address ... arguments| addr.sendMsg(address, *arguments) }

	// Act together, `seconds` from the thread's own time.
	sendBundle { |seconds ... messages| addr.sendBundle(seconds, *messages) }

	set { |name, value| addr.sendMsg("/" ++ name, value) }

	get { |name, action| ^this.ask("/" ++ name, action) }

	// Read an address.
	ask { |address, action|
		^this.prAwait(action, address) { |answered|
			OSCFunc({ |message| answered.(true, message[1]) }, address.asSymbol, addr)
				.permanent_(true).oneShot;
			addr.sendMsg(address);
		}
	}

	// Send what is answered with /done or /fail: the action gets the answer's arguments, and nil when
	// it was refused; inside a Routine a refusal is thrown.
	command { |address, arguments, action|
		^this.prAwait(action, address) { |answered|
			address = address.asSymbol;
			pending[address] = pending[address].add(answered);
			addr.sendMsg(address, *arguments);
		}
	}

	// Wait, inside a Routine, until everything sent before is done.
	sync {
		var id = UniqueID.next;
		this.prAwait(nil, "/sync") { |answered|
			OSCFunc({ answered.(true, id) }, '/synced', addr, argTemplate: [id])
				.permanent_(true).oneShot;
			addr.sendMsg('/sync', id);
		}
	}

	// How it is doing, as an Event with the names of IdiolectNames.status.
	status { |action|
		^this.prAwait(action, "/status") { |answered|
			OSCFunc({ |message|
				answered.(true, Event.newFrom([IdiolectNames.status, message[1..]].lace))
			}, '/status.reply', addr).permanent_(true).oneShot;
			addr.sendMsg('/status');
		}
	}

	panic { |action| ^this.command("/panic", [], action) }

	quit { |action| ready = false; ^this.command("/quit", [], action) }

	// --- Playing by hand.

	// Play a stretch of the corpus beside what a voice says: (unit: 12, gain: -6), with the words of
	// IdiolectNames.play; `seconds` from the thread's own time, or at once.
	play { |what, seconds| addr.sendBundle(seconds, *this.plays(what ? ())) }

	// What an event plays, as messages.  How long it sounds an event calls its sustain, and how loud
	// it is amp; arrays are several at once.
	plays { |event|
		var given = List.new, own = event.keys;
		IdiolectNames.play.do { |name|
			if(name != \dur and: { own.includes(name) }) { given.add([name, event[name]]) }
		};
		if([\sustain, \legato].any { |name| own.includes(name) }) {
			given.add([\dur, event.use { ~sustain.value }])
		};
		if(own.includes(\amp)) { given.add([\gain, event[\amp].ampdb]) };
		given = given.collect { |pair| pair.collect(_.value) };
		^given.flatten(1).asArray.flop.collect { |words| ["/play"] ++ words }
	}

	// --- Being told.

	// From now on dependants get `changed(\told, address, values...)` for what anyone changes; of the
	// group \grain, too, `changed(\grain, event, seconds until it is heard)` for every unit; of other
	// groups what they are told as \told.
	notify { |... argGroups|
		this.stopNotify;
		groups = if(argGroups.isEmpty) { [\state] } { argGroups };
		watcher = { |message, time, from|
			if(from.port == addr.port and: { message[0].asString.beginsWith("/") }) {
				if(message[0] == '/grain') {
					this.changed(\grain, this.class.grain(message), time - thisThread.seconds)
				} {
					this.changed(\told, *message)
				}
			}
		};
		thisProcess.addOSCRecvFunc(watcher);
		this.prRenew;
	}

	// A message of a grain as an Event, with the names of IdiolectNames.grain.
	*grain { |message| ^Event.newFrom([IdiolectNames.grain, message[1..]].lace) }

	stopNotify {
		if(watcher.isNil) { ^this };
		thisProcess.removeOSCRecvFunc(watcher);
		renewal.stop;
		watcher = nil;
		addr.sendMsg('/notify', 0);
	}

	// Renew what Cmd-period has stopped.
	cmdPeriod { if(watcher.notNil) { this.prRenew } }

	// Forget the daemon, which plays on unless it is a child.
	free {
		this.stopNotify;
		this.kill;
		responders.do(_.free);
		CmdPeriod.remove(this);
		all.remove(this);
		if(default === this) { default = all.choose };
	}

	kill { if(pid.notNil) { "kill %".format(pid).unixCmd(postOutput: false); pid = nil } }

	printOn { |stream| stream << "Idiolect(" << addr.hostname << ", " << addr.port << ")" }

	// --- Inside.

	prHear { |address, function| ^OSCFunc(function, address, addr).permanent_(true) }

	prAnswer { |address, good, answer|
		var waiting = pending[address], first;
		if(waiting.notNil) {
			first = waiting.removeAt(0);
			if(waiting.isEmpty) { pending.removeAt(address) };
			^first.(good, answer)
		};
		if(good.not) { "idiolect refuses %: %".format(address, answer).warn };
	}

	// Ask, with what is to be called when it is answered; then wait, if nobody else does.
	prAwait { |action, address, asking|
		var condition, outcome;
		if(action.notNil or: { thisThread.isKindOf(Routine).not }) {
			asking.({ |good, answer| action.value(if(good) { answer }) });
			^nil
		};
		condition = CondVar.new;
		asking.({ |good, answer| outcome = [good, answer]; condition.signalAll });
		condition.waitFor(waitSeconds) { outcome.notNil };
		if(outcome.isNil) { Error("idiolect does not answer %".format(address)).throw };
		if(outcome[0].not) { Error("idiolect refuses %: %".format(address, outcome[1])).throw };
		^outcome[1]
	}

	prKeepOn { |function| ^Routine(function).play(SystemClock) }

	prRenew {
		renewal.stop;
		renewal = this.prKeepOn { loop {
			addr.sendMsg('/notify', 1, 0, 30, *groups);
			(leaseSeconds / 3).wait
		} };
	}

	// What an event holds of its voices' parameters, and a seed, as messages.
	messages { |event|
		^(event[\voice] ? 1).asArray.collect { |number| this.voice(number).messages(event) }.flatten(1)
	}

	// Send what an event says at the event's own time.
	*prSend { |event, server, words|
		var daemon = event[\idiolect] ?? { default } ?? {
			Error("there is no Idiolect to play on: boot one, or make one that runs").throw
		};
		var messages = words.(daemon, event);
		if(messages.notEmpty) {
			daemon.sendBundle(event[\latency] ?? { (server ? Server.default).latency }, *messages)
		};
	}
}

// One of its voices.
IdiolectVoice : IdiolectVoiceParameters {
	var <daemon, <number;

	*new { |daemon, number| ^super.new.prInit(daemon, number) }

	prInit { |argDaemon, argNumber| daemon = argDaemon; number = argNumber }

	address { |name| ^"/voice/%/%".format(number, name) }

	set { |name, value| daemon.send(this.address(name), value) }

	get { |name, action| ^daemon.ask(this.address(name), action) }

	play { this.run = 1 }

	stop { this.run = 0 }

	// Lean towards more of a descriptor, in standard deviations.
	bias { |descriptor, amount| this.set("bias/" ++ descriptor, amount) }

	// Give it a context.  Each tells the action [voice, frame, units, seconds from now, unit, source,
	// start].
	seedTokens { |tokens, action| ^this.prCommand("seed/tokens", tokens, action) }
	seedUnit { |unit, action| ^this.prCommand("seed/unit", [unit], action) }
	seedFile { |source, start = 0, duration, action|
		^this.prCommand("seed/file", [source, start] ++ duration, action)
	}
	seedMap { |x, y, scale, action| ^this.prCommand("seed/map", [x, y] ++ scale, action) }
	seedRandom { |action| ^this.prCommand("seed/random", [], action) }
	seedClear { |action| ^this.prCommand("seed/clear", [], action) }

	// Keep it to a part of the corpus.
	allowSources { |sources, action| ^this.prCommand("allow/sources", sources.asArray, action) }
	allowStretch { |source, start = 0, duration, action|
		^this.prCommand("allow/stretch", [source, start] ++ duration, action)
	}
	allowRegion { |x, y, radius, action|
		^this.prCommand("allow/region", [x, y, radius], action)
	}
	allowAll { |action| ^this.prCommand("allow/all", [], action) }

	// Leave what sounds at once.
	cut { |action| ^this.prCommand("cut", [], action) }

	// What an event says of this voice, as messages.  Only what the event holds itself counts: of its
	// parents it has a pan and a scale that nobody asked for.
	messages { |event|
		var messages = List.new, own = event.keys;
		IdiolectVoiceParameters.specs.keysDo { |name|
			if(own.includes(name)) {
				messages.add([this.address(name), event[name].value])
			}
		};
		IdiolectNames.descriptors.do { |name|
			if(own.includes(name)) {
				messages.add([this.address("bias/" ++ name), event[name].value])
			}
		};
		if(own.includes(\seed)) {
			messages.add([this.address("seed/" ++ event[\seed][0])] ++ event[\seed][1..])
		};
		^messages.asArray
	}

	printOn { |stream| stream << daemon << ".voice(" << number << ")" }

	prCommand { |name, arguments, action|
		^daemon.command(this.address(name), arguments, action)
	}
}
