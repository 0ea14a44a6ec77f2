"""Networks without memory, in a process whose other threads make real ones."""

from torch import nn

from seedlab.pipelines.loaded import completeness
from seedlab.pipelines.loaded.files import ModelFiles
from seedlab.pipelines.models.addresses import find_model


def test_looking_at_a_checkpoint_changes_no_method_that_other_threads_use(checkpoint, monkeypatch):
    source = ModelFiles().find(find_model(str(checkpoint)))
    completeness._check.cache_clear()
    register, make, seen = nn.Module.register_parameter, nn.Module.__init__, set()

    def note(self, *arguments, **options):
        seen.add(nn.Module.register_parameter)
        make(self, *arguments, **options)

    monkeypatch.setattr(nn.Module, "__init__", note)
    assert completeness.check_weights(source) == ()
    assert seen == {register}
