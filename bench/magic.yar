rule ovmf_memory_log {
	strings:
		$magic = "ovmfmdg1ovmfmdg2"
	condition:
		$magic
}
