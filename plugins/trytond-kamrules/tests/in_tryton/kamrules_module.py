"""Tryton's own checks of a module: fields, views, access, buttons, menus; run by its Python with unittest."""

from trytond.tests.test_tryton import ModuleTestCase


class KamrulesTestCase(ModuleTestCase):
    """What every module of Tryton has to pass."""

    module = "kamrules"


del ModuleTestCase
