#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a desktop does for a program, where there is none: shows notifications, keeps the computer awake, knows about
power. Runs beside the test, in a process of its own: the program waits for its answers while the test may wait for
the program.

Usage: desktop.py SYSTEM-BUS. What it is asked goes to its output, one JSON a line; what it is told comes the same way:
{"press": [NOTIFICATION, ACTION]} and {"battery": BOOLEAN}."""
import json
import sys
import threading

import gi
from gi.repository import Gio, GLib

NOTIFICATIONS = """
<node><interface name="org.freedesktop.Notifications">
  <method name="GetCapabilities"><arg direction="out" type="as"/></method>
  <method name="GetServerInformation"><arg direction="out" type="s"/><arg direction="out" type="s"/>
    <arg direction="out" type="s"/><arg direction="out" type="s"/></method>
  <method name="Notify"><arg direction="in" type="s"/><arg direction="in" type="u"/><arg direction="in" type="s"/>
    <arg direction="in" type="s"/><arg direction="in" type="s"/><arg direction="in" type="as"/>
    <arg direction="in" type="a{sv}"/><arg direction="in" type="i"/><arg direction="out" type="u"/></method>
  <method name="CloseNotification"><arg direction="in" type="u"/></method>
  <signal name="NotificationClosed"><arg type="u"/><arg type="u"/></signal>
  <signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
</interface></node>"""
SESSION_MANAGER = """
<node><interface name="org.gnome.SessionManager">
  <method name="Inhibit"><arg direction="in" type="s"/><arg direction="in" type="u"/><arg direction="in" type="s"/>
    <arg direction="in" type="u"/><arg direction="out" type="u"/></method>
  <method name="Uninhibit"><arg direction="in" type="u"/></method>
  <property name="SessionIsActive" type="b" access="read"/>
  <property name="InhibitedActions" type="u" access="read"/>
</interface></node>"""
UPOWER = """
<node><interface name="org.freedesktop.UPower">
  <property name="OnBattery" type="b" access="read"/>
</interface></node>"""


def say(**words):
    print(json.dumps(words), flush=True)


class Desktop:

    def __init__(self, system_address):
        self.session = Gio.bus_get_sync(Gio.BusType.SESSION)
        self.system = Gio.DBusConnection.new_for_address_sync(
            system_address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |
            Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        self.on_battery = False
        self.last_id = 0
        self.loop = GLib.MainLoop()
        self.offer(self.session, "org.freedesktop.Notifications", "/org/freedesktop/Notifications", NOTIFICATIONS)
        self.offer(self.session, "org.gnome.SessionManager", "/org/gnome/SessionManager", SESSION_MANAGER)
        self.offer(self.system, "org.freedesktop.UPower", "/org/freedesktop/UPower", UPOWER)

    def offer(self, bus, name, path, xml):
        bus.register_object(path, Gio.DBusNodeInfo.new_for_xml(xml).interfaces[0], self.call, self.get, None)
        bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                      GLib.Variant("(su)", (name, 4)), None, Gio.DBusCallFlags.NONE, -1, None)

    def call(self, _bus, _sender, _path, _interface, method, parameters, invocation):
        values = parameters.unpack()
        answer = getattr(self, "call_" + method)(*values)
        invocation.return_value(answer)

    def get(self, _bus, _sender, _path, _interface, name):
        return {"OnBattery": GLib.Variant("b", self.on_battery), "SessionIsActive": GLib.Variant("b", True),
                "InhibitedActions": GLib.Variant("u", 0)}[name]

    def call_GetCapabilities(self):
        return GLib.Variant("(as)", (["actions", "body"],))

    def call_GetServerInformation(self):
        return GLib.Variant("(ssss)", ("desktop", "strata", "1", "1.2"))

    def call_Notify(self, _name, replaced, _icon, title, body, actions, _hints, _timeout):
        if not replaced:
            self.last_id += 1
        say(notification=replaced or self.last_id, title=title, body=body, actions=dict(zip(actions[1::2], actions[::2])))
        return GLib.Variant("(u)", (replaced or self.last_id,))

    def call_CloseNotification(self, closed):
        say(withdrawn=closed)
        self.session.emit_signal(None, "/org/freedesktop/Notifications", "org.freedesktop.Notifications",
                                 "NotificationClosed", GLib.Variant("(uu)", (closed, 3)))

    def call_Inhibit(self, name, _window, reason, flags):
        self.last_id += 1
        say(inhibit=self.last_id, name=name, reason=reason, flags=flags)
        return GLib.Variant("(u)", (self.last_id,))

    def call_Uninhibit(self, cookie):
        say(uninhibit=cookie)

    def obey(self, order):
        if "press" in order:
            self.session.emit_signal(None, "/org/freedesktop/Notifications", "org.freedesktop.Notifications",
                                     "ActionInvoked", GLib.Variant("(us)", tuple(order["press"])))
        if "battery" in order:
            self.on_battery = order["battery"]
            self.system.emit_signal(None, "/org/freedesktop/UPower", "org.freedesktop.DBus.Properties",
                                    "PropertiesChanged", GLib.Variant("(sa{sv}as)", (
                                        "org.freedesktop.UPower", {"OnBattery": GLib.Variant("b", self.on_battery)}, [])))

    def listen(self):
        for line in sys.stdin:
            GLib.idle_add(self.obey, json.loads(line))
        self.loop.quit()


def main():
    desktop = Desktop(sys.argv[1])
    threading.Thread(target=desktop.listen, daemon=True).start()
    say(ready=True)
    desktop.loop.run()


main()
